// program.cpp
// Runs the programs of tests/persist: one process, a fresh Lua state for each section of a program.
// tests/persist/README.md says what the comments in them mean.

#include "program.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "reach.h"
#include "lua.h"

#include "runtime.h"
#include "store.h"

namespace {

struct Section {
  std::string text;
  std::map<std::string, std::string> directives;

  bool has(const char *name) const { return directives.count(name) > 0; }
  std::string get(const char *name) const { return has(name) ? directives.at(name) : ""; }
  int number(const char *name, int otherwise) const { return has(name) ? atoi(get(name).c_str()) : otherwise; }
};

struct Program {
  std::string name;
  std::vector<Section> sections;
  std::string with;
  int seed = 0;  // 0: it has none
  int turn = 0;
};

std::string read(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    std::cerr << "cannot read " << path << "\n";
    exit(2);
  }
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

Program parse(const std::string &path) {
  static const char *const known[] = {"lua", "with", "seeds", "repeat", "steps", "witness", "collect", "expect-error",
                                      "expect-kind", "fail-writes", "may-fail"};
  Program p;
  size_t slash = path.rfind('/');
  std::string folder = slash == std::string::npos ? "." : path.substr(0, slash);
  p.name = path.substr(slash + 1);
  p.sections.emplace_back();
  std::istringstream in(read(path));
  std::string line;
  while (std::getline(in, line)) {
    if (line.compare(0, 11, "--- restart") == 0) {
      p.sections.emplace_back();
      continue;
    }
    if (line.compare(0, 4, "--- ") == 0) {
      size_t end = line.find(':');
      std::string name = line.substr(4, end == std::string::npos ? end : end - 4);
      size_t value = end == std::string::npos ? end : line.find_first_not_of(' ', end + 1);
      bool isKnown = false;
      for (const char *k : known) isKnown |= name == k;
      if (!isKnown) {
        std::cerr << p.name << ": there is no directive " << name << "\n";
        exit(2);
      }
      p.sections.back().directives[name] = value == std::string::npos ? "" : line.substr(value);
    }
    p.sections.back().text += line + "\n";
  }
  if (p.sections[0].has("with")) p.with = read(folder + "/with/" + p.sections[0].get("with"));
  return p;
}

void begin(const Program &p) {
  start();
  if (p.with.empty()) return;
  std::string name = "@" + p.sections[0].get("with");
  set_chunk_name(name.data(), name.size());
  if (run(p.with) < 0) {
    std::cerr << p.name << ": " << errorRecord() << "\n";
    exit(2);
  }
}

// Runs a section's text once; 'stored' says whether the step before it stored all, and becomes whether this one did.
bool runStep(const Program &p, size_t index, bool &stored) {
  const Section &s = p.sections[index];
  std::string chunk = "@" + p.name + "#" + std::to_string(index + 1);
  std::string where = p.name + "#" + std::to_string(index + 1);
  std::string text = s.text;
  if (p.seed > 0) {
    std::ostringstream values;
    values << "local SEED, TURN, STORED, TABLES = " << p.seed << ", " << p.turn << ", " << (stored ? "true" : "false")
           << ", " << countTables() << "; ";
    text = values.str() + text;
    where += " (seed " + std::to_string(p.seed) + ", turn " + std::to_string(p.turn) + ")";
  }
  if (s.has("fail-writes")) {
    std::istringstream in(s.get("fail-writes"));
    unsigned oneIn;
    uint64_t seed;
    in >> oneIn >> seed;
    failWrites(oneIn, seed + (uint64_t)p.seed * 1000 + (uint64_t)p.turn);
  }
  set_chunk_name(chunk.data(), chunk.size());
  int n = run(text);
  std::string message(n < 0 ? (const char *)get_buffer_ptr() : "", n < 0 ? (size_t)(-n - 1) : 0);
  failWrites(0, 0);
  stored = n >= 0;
  auto wrong = [&](const std::string &what) {
    std::cerr << where << ": " << what << "\n";
    return false;
  };
  std::string want = s.get(s.has("may-fail") ? "may-fail" : "expect-error");
  if (n >= 0 && s.has("expect-error")) return wrong("succeeded, expected an error with '" + want + "'");
  if (n < 0 && !s.has("expect-error") && !s.has("may-fail")) return wrong(message);
  if (n < 0 && message.find(want) == std::string::npos)
    return wrong("failed with '" + message + "', expected '" + want + "'");
  if (n < 0 && errorRecord().find(s.get("expect-kind")) == std::string::npos)
    return wrong("error record lacks kind " + s.get("expect-kind"));
  if (s.has("collect")) {
    if (collect_tables(nullptr, 0) < 0) return wrong("collect_tables failed: " + errorRecord());
    if (int left = unreachable(); left > 0) return wrong("collect_tables left " + std::to_string(left) + " unreachable");
  }
  return true;
}

// What a witness is to look at.
struct Snapshot {
  std::map<uint32_t, StoredTable> store;
  int turn;
  bool stored;
};

bool runWitnesses(Program &p, size_t index, const std::vector<Snapshot> &snapshots) {
  int turn = p.turn;
  for (Snapshot s : snapshots) {
    std::swap(store, s.store);
    p.turn = s.turn;
    begin(p);
    bool ok = runStep(p, index, s.stored);
    drop();
    std::swap(store, s.store);
    if (!ok) return false;
  }
  p.turn = turn;
  return true;
}

bool runSections(Program &p) {
  store.clear();
  p.turn = 0;
  for (size_t i = 0; i < p.sections.size(); i++) {
    const Section &s = p.sections[i];
    if (s.has("witness")) continue;
    bool witness = i + 1 < p.sections.size() && p.sections[i + 1].has("witness");
    for (int r = s.number("repeat", 1); r > 0; r--) {
      std::vector<Snapshot> snapshots;
      bool ok = true;
      begin(p);
      for (int step = s.number("steps", 1); ok && step > 0; step--) {
        bool stored = true;
        p.turn++;
        ok = runStep(p, i, stored);
        if (witness) snapshots.push_back({store, p.turn, stored});
      }
      drop();
      if (!ok || !runWitnesses(p, i + 1, snapshots)) return false;
    }
  }
  return true;
}

}  // namespace

// With STORE=FILE in the environment the store comes from that file and goes back there, and only the section with the
// number SECTION runs: for stores that another build wrote.
static bool runOne(Program &p, const char *file) {
  size_t number = (size_t)atoi(getenv("SECTION"));
  if (number < 1 || number > p.sections.size()) return true;
  store.clear();
  if (number > 1) loadStore(file);
  bool stored = true;
  begin(p);
  bool ok = runStep(p, number - 1, stored);
  drop();
  saveStore(file);
  return ok;
}

// With SEEDS="FROM TO" in the environment programs with seeds run with those.
bool runProgram(const char *path) {
  Program p = parse(path);
  const Section &first = p.sections[0];
  if (first.has("lua") && first.get("lua") != LUA_VERSION_MAJOR "." LUA_VERSION_MINOR) return true;
  if (const char *file = getenv("STORE")) return runOne(p, file);
  if (!first.has("seeds")) return runSections(p);
  std::istringstream in(first.get("seeds"));
  int from = 1, some, many;
  in >> some >> many;
  if (const char *seeds = getenv("SEEDS")) sscanf(seeds, "%d %d", &from, &many);
  for (p.seed = from; p.seed <= many; p.seed++)
    if (!runSections(p)) return false;
  return true;
}
