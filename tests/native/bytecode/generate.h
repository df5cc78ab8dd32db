/*
** generate.h
** Random Lua programs that compile: what a verifier of bytecode has to
** accept. Most of them raise an error soon when they run.
*/

#ifndef generate_h
#define generate_h

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define GEN_SIZE	(1 << 16)

typedef struct Gen {
  char *text;
  size_t n;
  uint64_t seed;
  int depth;
  int budget;  /* statements that may still come */
  int nlocals;  /* in scope: v0, v1... */
  int loops, labels;
  int vararg;
} Gen;


static unsigned int gen_below (uint64_t *seed, unsigned int n) {
  uint64_t z = (*seed += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return (unsigned int)((z ^ (z >> 31)) % n);
}


static void put (Gen *g, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  g->n += (size_t)vsnprintf(g->text + g->n, GEN_SIZE - g->n, fmt, args);
  va_end(args);
  if (g->n >= GEN_SIZE) g->n = GEN_SIZE - 1;
}

#define chance(g,n)	(gen_below(&(g)->seed, n) == 0)
#define pick(g,n)	((int)gen_below(&(g)->seed, n))


static void gen_expr (Gen *g);
static void gen_block (Gen *g, int n);


static void gen_name (Gen *g) {
  if (g->nlocals > 0 && !chance(g, 4))
    put(g, "v%d", pick(g, (unsigned int)g->nlocals));
  else
    put(g, "G%d", pick(g, 5));
}


static void gen_constant (Gen *g) {
  switch (pick(g, 9)) {
    case 0: put(g, "nil"); break;
    case 1: put(g, "true"); break;
    case 2: put(g, "false"); break;
    case 3: put(g, "%d", pick(g, 300) - 20); break;
    case 4: put(g, "%d", pick(g, 1000000)); break;
    case 5: put(g, "%d.5", pick(g, 40)); break;
    case 6: put(g, "'s%d'", pick(g, 400)); break;
    case 7: put(g, "'a string that is longer than the forty bytes of "
                   "short ones %d'", pick(g, 20)); break;
    default: put(g, "%d.0", pick(g, 200) - 100); break;
  }
}


static void gen_list (Gen *g, int most) {
  int i, n = pick(g, (unsigned int)most + 1);
  for (i = 0; i < n; i++) {
    if (i > 0) put(g, ", ");
    gen_expr(g);
  }
  if (g->vararg && chance(g, 4))
    put(g, "%s...", (n > 0) ? ", " : "");
}


static void gen_function (Gen *g) {
  int locals = g->nlocals, loops = g->loops, vararg = g->vararg;
  int i, n = pick(g, 4);
  g->loops = 0;
  put(g, "(");
  for (i = 0; i < n; i++)
    put(g, "%sv%d", (i > 0) ? ", " : "", g->nlocals++);
  g->vararg = chance(g, 3);
  if (g->vararg) {
    put(g, "%s...", (n > 0) ? ", " : "");
#if MW_LUA == 55
    if (chance(g, 2)) put(g, "v%d", g->nlocals++);
#endif
  }
  put(g, ")\n");
  gen_block(g, 4);
  put(g, "end");
  g->nlocals = locals;
  g->loops = loops;
  g->vararg = vararg;
}


static void gen_table (Gen *g) {
  int i, n = chance(g, 8) ? pick(g, 130) : pick(g, 5);
  put(g, "{");
  for (i = 0; i < n; i++) {
    if (n > 8) gen_constant(g);
    else if (chance(g, 3)) {
      put(g, "f%d = ", pick(g, 9));
      gen_expr(g);
    }
    else if (chance(g, 6)) {
      put(g, "[");
      gen_expr(g);
      put(g, "] = ");
      gen_expr(g);
    }
    else gen_expr(g);
    put(g, chance(g, 5) ? "; " : ", ");
  }
  gen_list(g, 1);
  put(g, "}");
}


static void gen_call (Gen *g) {
  gen_name(g);
  if (chance(g, 3))
    put(g, chance(g, 6) ? ":a_method_with_a_name_of_more_than_forty_bytes%d"
                        : ":m%d", pick(g, 3));
  put(g, "(");
  gen_list(g, 3);
  put(g, ")");
}


static void gen_expr (Gen *g) {
  static const char *const binary[] = {"+", "-", "*", "/", "//", "%", "^",
    "&", "|", "~", "<<", ">>", "..", "==", "~=", "<", "<=", ">", ">=",
    "and", "or", "and", "or"};
  static const char *const unary[] = {"-", "not ", "#", "~"};
  if (++g->depth > 5) {
    if (chance(g, 2)) gen_constant(g);
    else gen_name(g);
  }
  else switch (pick(g, 12)) {
    case 0: case 1: gen_constant(g); break;
    case 2: case 3: gen_name(g); break;
    case 4: case 5: case 6:
      put(g, "(");
      gen_expr(g);
      put(g, " %s ", binary[pick(g, 23)]);
      gen_expr(g);
      put(g, ")");
      break;
    case 7:
      put(g, "%s", unary[pick(g, 4)]);
      put(g, "(");
      gen_expr(g);
      put(g, ")");
      break;
    case 8: gen_table(g); break;
    case 9: gen_call(g); break;
    case 10:
      gen_name(g);
      if (chance(g, 2)) put(g, ".f%d", pick(g, 9));
      else {
        put(g, "[");
        gen_expr(g);
        put(g, "]");
      }
      break;
    default:
      if (g->budget > 0 && chance(g, 2)) {
        put(g, "function ");
        gen_function(g);
      }
      else if (g->vararg) put(g, chance(g, 2) ? "..." : "(...)");
      else gen_constant(g);
      break;
  }
  g->depth--;
}


static void gen_body (Gen *g, const char *end) {
  int locals = g->nlocals;
  int label = g->labels++;
  g->loops++;
  put(g, "do\n");
  if (chance(g, 3)) {
    put(g, "if ");
    gen_expr(g);
    put(g, " then goto l%d end\n", label);
  }
  gen_block(g, 3);
  put(g, "::l%d::\n%s", label, end);
  g->loops--;
  g->nlocals = locals;
}


static void gen_local (Gen *g) {
  int i, n = 1 + pick(g, 3);
  put(g, "local ");
  for (i = 0; i < n; i++) {
    put(g, "%sv%d", (i > 0) ? ", " : "", g->nlocals + i);
    if (i == n - 1) {
      if (chance(g, 6)) put(g, " <close>");
      else if (chance(g, 6)) put(g, " <const>");
    }
  }
  if (!chance(g, 4)) {
    put(g, " = ");
    gen_expr(g);
    if (chance(g, 2)) { put(g, ", "); gen_expr(g); }
  }
  g->nlocals += n;
}


static void gen_statement (Gen *g) {
  int locals = g->nlocals;
  switch (pick(g, 15)) {
    case 0: case 1: gen_local(g); locals = g->nlocals; break;
    case 2: case 3:
      gen_name(g);
      if (chance(g, 3)) put(g, ".f%d", pick(g, 9));
      else if (chance(g, 3)) {
        put(g, "[");
        gen_expr(g);
        put(g, "]");
      }
      if (chance(g, 4)) { put(g, ", "); gen_name(g); put(g, ".x"); }
      put(g, " = ");
      gen_expr(g);
      break;
    case 4: case 5: gen_call(g); break;
    case 6:
      put(g, "if ");
      gen_expr(g);
      put(g, " then\n");
      gen_block(g, 3);
      g->nlocals = locals;
      if (chance(g, 2)) {
        put(g, "else%s", chance(g, 2) ? "\n" : "if not G1 then\n");
        gen_block(g, 3);
      }
      put(g, "end");
      break;
    case 7:
      put(g, "for v%d = ", g->nlocals);
      gen_expr(g);
      put(g, ", ");
      gen_expr(g);
      if (chance(g, 3)) put(g, ", %d", pick(g, 5) - 1);
      put(g, " ");
      g->nlocals++;
      gen_body(g, "end");
      break;
    case 8:
      put(g, "for v%d, v%d in ", g->nlocals, g->nlocals + 1);
      if (chance(g, 2)) put(g, "pairs {1, 2, x = 3} ");
      else { gen_expr(g); put(g, " "); }
      g->nlocals += 2;
      gen_body(g, "end");
      break;
    case 9:
      put(g, "while ");
      gen_expr(g);
      put(g, " ");
      gen_body(g, "end");
      break;
    case 10:
      put(g, "repeat ");
      g->loops++;
      gen_block(g, 3);
      put(g, "until ");
      gen_expr(g);
      g->loops--;
      break;
    case 11:
      put(g, "local function v%d ", g->nlocals);
      locals = ++g->nlocals;
      gen_function(g);
      break;
    case 12:
      if (g->loops > 0) {
        put(g, "if ");
        gen_expr(g);
        put(g, " then break end");
      }
      else {
        put(g, "do ");
        gen_block(g, 3);
        put(g, "end");
      }
      break;
    case 13: {
      int label = g->labels++;
      put(g, "do ::l%d:: ", label);
      gen_block(g, 2);
      put(g, "if ");
      gen_expr(g);
      put(g, " then goto l%d end end", label);
      break;
    }
    default:
      if (chance(g, 3)) {
        put(g, "do return ");
        if (chance(g, 2)) gen_call(g);
        else gen_list(g, 3);
        put(g, " end");
      }
      else {
        put(g, "function G%d", pick(g, 5));
        gen_function(g);
      }
      break;
  }
  put(g, "\n");
  g->nlocals = locals;
}


static void gen_block (Gen *g, int n) {
  int locals = g->nlocals;
  for (n = pick(g, (unsigned int)n + 1); n >= 0 && g->budget-- > 0; n--)
    gen_statement(g);
  g->nlocals = locals;
}


/* writes a program to 'text' (GEN_SIZE bytes) and returns its length */
static size_t generate (uint64_t seed, char *text) {
  Gen g = {text, 0, seed, 0, 0, 0, 0, 0, 1};
  int i;
  g.budget = 10 + pick(&g, 60);
  if (chance(&g, 4)) {  /* many constants, so that some indices are long */
    put(&g, "local c = {");
    for (i = 0; i < 300; i++) put(&g, "'k%d', %d.25, ", i, i);
    put(&g, "}\n");
  }
  while (g.budget > 0)
    gen_statement(&g);
  return g.n;
}

#undef chance
#undef pick

#endif
