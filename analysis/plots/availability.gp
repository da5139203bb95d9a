# How often a request of a size would have succeeded; one line a run. Between
# two sizes that were counted the lower share is drawn.
array colour[8] = [blue, vermillion, green, orange, purple, sky, dim, grey]
do for [form = 1:2] {
    if (form == 1) { eval to_svg } else { eval to_png }
    set tmargin at screen 1 - py(n_panels > 1 ? 58 + 18 * n_panels : 58)
    set bmargin at screen py(64)
    unset label; unset object; unset arrow
    set label 1 title at screen px(12), screen 1 - py(18) left textcolor rgb ink
    set label 2 note at screen px(12), screen 1 - py(38) left textcolor rgb dim font small
    if (n_panels > 1) {
        do for [k = 1:n_panels] {
            x = 12; c = colour[k]; y = 1 - py(42 + 18 * k); word = panel_title[k]
            eval sign_line; eval sign_text
        }
    }
    set logscale x 2
    set xrange [first:last]
    set yrange [0:103]
    set format y '%g %%'
    set ytics 0, 20, 100
    set grid x y lc rgb faint lw 1 lt 1
    set xtics ()
    do for [k = 0:40] { if (2 ** k >= first && 2 ** k <= last) { set xtics add (KiB(int(2 ** k)) 2 ** k) } }
    set xlabel 'bytes asked for in one request' textcolor rgb dim offset 0, 0.4
    csv(run, c) = column(1) == run ? column(c) : NaN
    plot for [i = 1:n_panels] stem . '.csv' skip 1 using (csv(panel_run[i], 2)):(csv(panel_run[i], 4)) with fsteps lw 2.2 lc rgb colour[i]
    unset output
}
