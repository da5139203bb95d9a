/* report.c - see report.h for the contract. */
#include "analysis/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/assets.h"
#include "analysis/folder.h"
#include "analysis/gnuplot.h"
#include "analysis/html.h"
#include "analysis/report_page.h"

#ifndef FRAGLAB_VERSION
#define FRAGLAB_VERSION "unknown"
#endif

static void page_head(struct report *r)
{
    html(r->page,
         "<!DOCTYPE html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
         "<meta name=viewport content=\"width=device-width, "
         "initial-scale=1\">\n<meta name=color-scheme content=\"light dark\">"
         "\n<title>fraglab: report of %n %r</title>\n<style>\n%r</style>\n"
         "</head>\n<body>\n<main>\n<h1>What the heap could give</h1>\n",
         (int64_t)r->n_runs, r->n_runs == 1 ? "run" : "runs",
         asset_text("report.css"));
}

static void page_foot(struct report *r)
{
    html(r->page,
         "<footer><p>Made by fraglab %s. Every figure stands with the query "
         "that asked for its numbers, the numbers, and the script that drew "
         "it.</p></footer>\n</main>\n<script>\n%r</script>\n</body>\n"
         "</html>\n",
         FRAGLAB_VERSION, asset_text("report.js"));
}

static int write_page(struct report *r, const char *path)
{
    r->page = fopen(path, "w");
    if (r->page == NULL)
        return problem_set(r->problem, ERR_IO, "%s: %s", path, strerror(errno));
    page_head(r);
    html(r->page, "<section id=answer>\n");
    int err = report_answer(r);
    html(r->page, "</section>\n");
    if (err == 0)
        err = report_managers(r);
    if (err == 0)
        err = report_overview(r);
    for (int i = 0; i < r->n_runs && err == 0; i++)
        err = report_run(r, &r->runs[i]);
    report_meanings(r);
    page_foot(r);
    bool is_written = ferror(r->page) == 0;
    is_written = fclose(r->page) == 0 && is_written;
    if (err == 0 && !is_written)
        err = problem_set(r->problem, ERR_IO, "%s: %s", path, strerror(errno));
    return err;
}

/* The page goes last: until then the old one stands over the old figures. */
static int put_in_place(struct folder *folder, const char *page,
                        struct problem *problem)
{
    char index[PATH_MAX];
    if (snprintf(index, sizeof index, "%s/index.html", folder->parent) >=
        PATH_MAX)
        return problem_set(problem, ERR_INPUT, "%s: name too long",
                           folder->parent);
    int err = folder_finish(folder, problem);
    if (err == 0 && rename(page, index) != 0)
        err = problem_set(problem, ERR_IO, "%s: %s", index, strerror(errno));
    return err;
}

int report_write(sqlite3 *db, const char *const *wanted, int n_wanted,
                 const char *dir, struct problem *problem)
{
    struct report r = {.db = db, .problem = problem};
    struct folder folder = {.lock = -1};
    char page[PATH_MAX] = "";
    int err = query_runs(db, wanted, n_wanted, &r.runs, &r.n_runs, problem);
    if (err == 0 && r.n_runs > 0)
        err = gnuplot_find(problem);
    if (err == 0)
        err = folder_begin(&folder, dir, "figures", problem);
    if (err == 0) {
        r.figures = folder.part;
        snprintf(page, sizeof page, "%.*s/.index.html.part", PATH_MAX - 32,
                 dir);
        err = write_page(&r, page);
    }
    if (err == 0)
        err = plot_draw(folder.part, (const char(*)[PLOT_STEM_CAP])r.stems,
                        r.n_stems, problem);
    if (err == 0)
        err = put_in_place(&folder, page, problem);
    if (err < 0 && *page != 0)
        unlink(page);
    folder_abandon(&folder);
    free(r.stems);
    int n_runs = r.n_runs;
    query_free_runs(r.runs, r.n_runs);
    return err < 0 ? err : n_runs;
}
