/*
 * report_page.h - the parts of a report's page (report.h), one function each
 *
 * All write to `page`, which keeps ferror(); they return 0 or a negative
 * error of the database's or of a file beside the page.
 */
#ifndef ANALYSIS_REPORT_PAGE_H
#define ANALYSIS_REPORT_PAGE_H

#include "analysis/plot.h"
#include "analysis/query_machine.h"

struct report {
    sqlite3 *db;
    FILE *page;
    const char *figures; /* the folder of figures while it is made         */
    struct query_run *runs;
    int n_runs;
    char (*stems)[PLOT_STEM_CAP]; /* figures to be drawn                   */
    int n_stems, cap_stems;
    struct problem *problem;
};

/* The first paragraphs: what would have succeeded, what was refused, why. */
MUST_CHECK int report_answer(struct report *r);

/* A table with a row for each run, and one for each run on a machine. */
MUST_CHECK int report_overview(struct report *r);

/* All of one run; its figures are written, and drawn later. */
MUST_CHECK int report_run(struct report *r, const struct query_run *run);

/* The run's figures: those of machine runs, or all others. */
MUST_CHECK int report_figures(struct report *r, const struct query_run *run,
                              bool of_machine);

/* One figure of `runs`, written as `stem`; nothing if there is none to draw. */
MUST_CHECK int report_figure(struct report *r, const struct plot_kind *k,
                             const struct query_run *runs, int n_runs,
                             const char *stem);

/*
 * Managers side by side: a section with tables and a figure for each trace and
 * heap that several managers played; without one, nothing (report_managers.c).
 */
MUST_CHECK int report_managers(struct report *r);

/* A table that sorts, up to its body: n heads, each with what it means. */
void report_table_head(FILE *f, const char *const heads[][2], size_t n);

/*
 * The guarantee cards of the runs' managers as a table, and how near each run
 * came to it; of managers unknown to this program nothing (report_card.c).
 */
void report_cards(FILE *f, const struct query_run *const *runs, int n);

/* What a run on a machine cost; of a native run nothing (report_machine.c). */
MUST_CHECK int report_machine(struct report *r, const struct query_run *run);

/* Several runs on machines beside each other; without one, nothing. */
MUST_CHECK int report_overview_cycles(struct report *r);

/* The same in a sentence, with a space before it. */
void report_cycles_sentence(FILE *f, const struct query_machine *m);

/* The run's moments with a map: the heap block by block (report_map.c). */
MUST_CHECK int report_maps(struct report *r, const struct query_run *run);

/* What the numbers mean, as a section that unfolds. */
void report_meanings(struct report *r);

/* One run's answer in sentences. */
MUST_CHECK int report_sentences(struct report *r, const struct query_run *run);

#endif /* ANALYSIS_REPORT_PAGE_H */
