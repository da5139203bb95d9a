/*
 * thumb_rows.h - thumb.def as tables: rows, forms, cost classes, fixes
 *
 * A row's number is its place among the INSN rows, the LITERAL rows behind
 * them; THUMB_ROW(line) names it by the line of thumb.def that it stands on,
 * so that a switch over all rows can be expanded.
 */
#ifndef SIM_MACHINE_THUMB_ROWS_H
#define SIM_MACHINE_THUMB_ROWS_H

#include "sim/machine/insn.h"

/* What a row needs beyond ARMv6-M: bits of insn_row.needs. */
enum {
    TH_V7 = 1 << 0, /* ARMv7-M                                               */
    TH_DSP = 1 << 1 /* the DSP extension of ARMv7E-M                         */
};

/* Cost classes: what an instruction costs, and how execution goes on. */
enum thumb_cost {
    TH_COST_ALU,     /* writes d and perhaps flags                           */
    TH_COST_ALU0,    /* writes no register                                   */
    TH_COST_FLAGS,   /* 16 bits; writes d, and flags outside an IT block     */
    TH_COST_CMP,     /* writes flags only                                    */
    TH_COST_READPC,  /* ALU that reads the program counter                   */
    TH_COST_MUL,     /* 32-bit product                                       */
    TH_COST_MULF,    /* MULS: as FLAGS                                       */
    TH_COST_MLA,     /* product and sum                                      */
    TH_COST_MULL,    /* 64-bit product                                       */
    TH_COST_MLAL,    /* 64-bit product and sum                               */
    TH_COST_DIV,     /*                                                      */
    TH_COST_NOP,     /* hints; MOV R8, R8 is none                            */
    TH_COST_HINT,    /* hints to memory: PLD, PLI                            */
    TH_COST_WFI,     /* WFI, WFE                                             */
    TH_COST_SPECIAL, /* MRS, MSR                                             */
    TH_COST_BARRIER, /* DMB, DSB                                             */
    TH_COST_CPS,     /*                                                      */
    TH_COST_LOAD,    /* one word, halfword or byte                           */
    TH_COST_STORE,   /* the same, base and immediate                         */
    TH_COST_STORER,  /* the same, base and index                             */
    TH_COST_STREX,   /*                                                      */
    TH_COST_LDM,     /* LDM, POP; n words                                    */
    TH_COST_STM,     /* STM, PUSH; n words                                   */
    TH_COST_LDRD,    /*                                                      */
    TH_COST_STRD,    /*                                                      */
    TH_COST_LOADPC,  /* LDR PC                                               */
    TH_COST_LDMPC,   /* LDM and POP with PC, counted in n                    */
    TH_COST_TABLE,   /* TBB, TBH                                             */
    TH_COST_GOTO,    /* MOV PC, ADD PC                                       */
    TH_COST_BX,      /*                                                      */
    TH_COST_BLX,     /*                                                      */
    TH_COST_B,       /*                                                      */
    TH_COST_BCC,     /* conditional                                          */
    TH_COST_CBZ,     /* CBZ, CBNZ                                            */
    TH_COST_BL,      /*                                                      */
    TH_COST_ISB,     /*                                                      */
    TH_COST_IT,      /*                                                      */
    TH_COST_TRAP,    /* SVC, BKPT                                            */
    TH_COST_BAD,     /* no instruction: see thumb_bad                        */
    TH_N_COSTS
};

/* What decoding does to a form's joined letters; thumb_decode.c. */
enum thumb_fix {
    TH_FIX_NO,
    TH_FIX_SHIFT32, /* an amount of 0 means 32                               */
    TH_FIX_SHIFT,   /* DecodeImmShift: type in x, amount in imm              */
    TH_FIX_EXPAND,  /* ThumbExpandImm_C; x: TH_CARRY_*                       */
    TH_FIX_NEG,     /* subtracted                                            */
    TH_FIX_SIGN,    /* subtracted if x is 0 (the bit called U)               */
    TH_FIX_LIT,     /* added to Align(PC, 4)                                 */
    TH_FIX_LITSUB,  /* subtracted from it                                    */
    TH_FIX_LITX,    /* subtracted from it if x is 0                          */
    TH_FIX_REL,     /* added to PC                                           */
    TH_FIX_REL8,    /* the same, bit 8 is the sign                           */
    TH_FIX_REL11,   /* bit 11                                                */
    TH_FIX_REL20,   /* bit 20                                                */
    TH_FIX_REL24,   /* bit 24; bits 23, 22 are NOT(J XOR S)                  */
    TH_FIX_LISTPC   /* a register list with PC                               */
};

/* Carry out of ThumbExpandImm_C: insn.x of the forms with EXPAND. */
enum { TH_CARRY_KEPT = 0, TH_CARRY_CLEAR = 2, TH_CARRY_SET = 3 };

/* Which registers an address is made of, and which of them changes. */
enum thumb_role {
    TH_ROLE_NONE, /* base n at most                                          */
    TH_ROLE_IX,   /* base n and index m                                      */
    TH_ROLE_WB    /* base n, which is written back                           */
};

/* What decoding leaves in insn.spare. */
enum thumb_mark {
    TH_WRITES = 1 << 0,     /* an ALU result in d                            */
    TH_INDEX = 1 << 1,      /* the address uses m, too                       */
    TH_BACK = 1 << 2,       /* writes its base back                          */
    TH_ODD_WIDE = 1 << 3,   /* 32 bits at an address 2 mod 4                 */
    TH_KEEPS_NZCV = 1 << 4, /* leaves the flags in an IT block               */
    TH_NOT_IN_IT = 1 << 5,  /* unpredictable in an IT block                  */
    TH_LAST_IN_IT = 1 << 6, /* unpredictable there but as the last           */
    TH_ADDRESS = 1 << 7     /* uses n as an address                          */
};

#define THUMB_JOIN_(a, b) a##b
#define THUMB_JOIN(a, b)  THUMB_JOIN_(a, b)
#define THUMB_ROW(line)   THUMB_JOIN(THUMB_ROW_AT_, line)

enum thumb_form {
#define FORM(name, bits, shift, fixed, fix, limits, role, syntax)              \
    TH_FORM_##name,
#include "sim/machine/thumb.def"
#undef FORM
    TH_N_FORMS
};

enum thumb_row {
#define INSN(picture, name, does, cost, form, needs, manual)                   \
    THUMB_ROW(__LINE__),
#define LITERAL(picture, name, does, cost, form, needs, manual)
#include "sim/machine/thumb.def"
#undef LITERAL
#undef INSN
    TH_N_PLAIN, /* rows that are no LITERAL                                  */
    TH_BEFORE_LITERAL = TH_N_PLAIN - 1,
#define INSN(picture, name, does, cost, form, needs, manual)
#define LITERAL(picture, name, does, cost, form, needs, manual)                \
    THUMB_ROW(__LINE__),
#include "sim/machine/thumb.def"
#undef LITERAL
#undef INSN
    TH_N_ROWS
};

/* Is a picture one of 32 bits? The others are shorter, blanks and all. */
#define THUMB_IS_WIDE(picture) (sizeof(picture) > 32)

/* What of a form struct insn_form does not hold. */
struct thumb_form_more {
    uint8_t fix;        /* enum thumb_fix                                    */
    uint8_t role;       /* enum thumb_role                                   */
    const char *limits; /* what the manual forbids; null: nothing            */
};

extern const struct insn_row thumb_rows[TH_N_ROWS];
extern const struct insn_form thumb_forms[TH_N_FORMS];
extern const struct thumb_form_more thumb_form_more[TH_N_FORMS];

#endif /* SIM_MACHINE_THUMB_ROWS_H */
