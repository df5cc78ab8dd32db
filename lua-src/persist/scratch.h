/*
** scratch.h
** Buffers for what is at work: at its end 'mw_work' gives back what is large
*/

#ifndef mw_scratch_h
#define mw_scratch_h

/* KEY and VAL are anybody's; the others have one user */
enum {
  MW_B_KEY, MW_B_VAL,
  MW_B_TODO, MW_B_KEYS, MW_B_VALUE,  /* load.c */
  MW_B_BATCH, MW_B_RECORD, MW_B_HELD, MW_B_TEXT,  /* closure.c, reading */
  MW_B_RECORDKEY, MW_B_OLD, MW_B_NEWTEXT,  /* keys of records; texts */
  MW_B_SEALED, MW_B_WEAK,  /* store.c, flush.c */
  MW_B_TOCLOSE, MW_B_MARKS,  /* thread.c, rebuild.c */
  MW_B_LOST, MW_B_QUEUE, MW_B_REACHKEYS, MW_B_REACHVAL,  /* reach.c */
  MW_B_IMAGE, MW_B_HASHES,  /* image.c */
  MW_NSCRATCH
};

#define mw_scratch(b)	(mw_S.scratch[MW_B_##b])
#define mw_key		mw_scratch(KEY)
#define mw_val		mw_scratch(VAL)

#endif
