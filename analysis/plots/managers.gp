# Managers beside each other, a line a run, two plots: above, the largest request
# that would have succeeded, the least of each stretch; below, the largest free
# block, its mean.
array colour[8] = [blue, vermillion, green, orange, purple, sky, dim, grey]
line_colour(k) = colour[(k - 1) % 8 + 1]
heap = 0; ops = 0; column = 1
do for [k = 1:n_panels] {
    if (panel_heap[k] > heap) { heap = panel_heap[k] }
    if (panel_ops[k] > ops) { ops = panel_ops[k]; column = panel_column[k] }
}
legend = 18 * int((n_panels + 3) / 4)
floor = 16
do for [form = 1:2] {
    if (form == 1) { eval to_svg } else { eval to_png }
    set multiplot
    unset label; unset object; unset arrow
    set label 1 title at screen px(12), screen 1 - py(18) left textcolor rgb ink
    do for [k = 1:n_panels] {
        x = 12 + 236 * ((k - 1) % 4); c = line_colour(k); y = 1 - py(42 + 18 * int((k - 1) / 4)); word = panel_title[k]
        if (k <= 8) { eval sign_line } else { eval sign_dash }
        eval sign_text
    }
    set logscale y 2
    set xrange [0:ops * 1.002]
    set yrange [floor:heap * 1.15]
    set ytics () textcolor rgb ink
    set ytics add ('0' floor)
    do for [n = 3:15] { if (4 ** n <= heap) { set ytics add (KiB(int(4 ** n)) 4 ** n) } }
    run_csv(run, c) = column(1) == run ? column(c) : NaN
    mid(run) = (run_csv(run, 2) + run_csv(run, 3)) / 2.0
    raised(run, c) = run_csv(run, c) < floor ? floor : run_csv(run, c)
    do for [part = 1:2] {
        above = 34 + legend + (part == 1 ? 0 : (height - 34 - legend) / 2)
        set tmargin at screen 1 - py(above + 30)
        set bmargin at screen 1 - py(above + (height - 34 - legend) / 2 - (part == 1 ? 16 : 56))
        if (part == 2) { unset label; unset object; unset arrow }
        word = part == 1 ? 'largest request that would have succeeded, the least of each stretch' : 'largest free block, the mean of each stretch'
        set label 2 word at screen px(12), screen 1 - py(above + 14) left textcolor rgb dim font small
        set xtics () textcolor rgb ink
        do for [n = 0:int(ops / column)] { word = part == 1 ? '' : Ops(n * column); set xtics add (word n * column) }
        if (part == 2) { set xlabel 'operation' textcolor rgb dim offset 0, 0.4 }
        else { unset xlabel }
        c = part == 1 ? 4 : 8
        # An iteration over nothing would still be looked at once.
        if (n_panels <= 8) {
            plot for [k = 1:n_panels] stem . '.csv' skip 1 using (mid(panel_run[k])):(raised(panel_run[k], c)) with lines lw 1.8 lc rgb line_colour(k)
        } else {
            plot for [k = 1:8] stem . '.csv' skip 1 using (mid(panel_run[k])):(raised(panel_run[k], c)) with lines lw 1.8 lc rgb line_colour(k), \
                for [k = 9:n_panels] stem . '.csv' skip 1 using (mid(panel_run[k])):(raised(panel_run[k], c)) with lines lw 1.6 dt (6, 4) lc rgb line_colour(k)
        }
    }
    unset multiplot
    unset output
}
