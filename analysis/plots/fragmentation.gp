# Bytes over operations, two plots a run: above, what the heap holds; below, on
# a logarithmic axis, what it could still give, and what it refused.
do for [form = 1:2] {
    if (form == 1) { eval to_svg } else { eval to_png }
    set multiplot
    do for [i = 1:n_panels] {
        unset logscale y
        eval place_panel
        heap = panel_heap[i]; span = panel_span[i]; step = panel_step[i]
        csv(c) = column(1) == run ? column(c) : NaN
        mid(a, b) = (csv(a) + csv(b)) / 2.0
        k = 0; row = 59
        x = 12; c = sky; f = 0.45; word = 'live'; sign = sign_box; eval add_sign
        x = 72; c = grey; f = 0.28; word = 'used, with garbage'; sign = sign_box; eval add_sign
        x = 242; c = dim; word = 'free'; sign = sign_dash; eval add_sign
        x = 306; c = dim; word = 'collection'; sign = sign_tick; if (panel_collections[i] > 0) { eval add_sign }
        row = 84 + 190 + 20
        x = 12; c = blue; word = 'largest request that would have succeeded'; sign = sign_line; eval add_sign
        x = 340; c = vermillion; word = 'largest free block'; sign = sign_line; eval add_sign
        x = 502; c = ink; word = 'request refused, at its size'; sign = sign_cross; if (panel_refusals[i] > 0) { eval add_sign }
        set bmargin at screen top - py(84 + 190)
        set xrange [0:panel_ops[i] * 1.002]
        set yrange [-0.095 * span:span * 1.03]
        set xtics ()
        do for [n = 0:int(panel_ops[i] / panel_column[i])] { set xtics add ('' n * panel_column[i]) }
        unset xlabel
        set ytics () textcolor rgb ink
        do for [n = 0:int(span / step)] {
            if (abs(n * step - heap) > step / 2 || n * step == heap) { set ytics add (KiB(n * step) n * step) }
        }
        if (int(heap) % int(step) != 0) { set ytics add ('H ' . KiB(int(heap)) heap) }
        plot \
            stem . '.csv' skip 1 using (mid(2, 3)):(csv(8)) with filledcurves y1=0 fc rgb grey fs solid 0.28 noborder, \
            '' skip 1 using (mid(2, 3)):(csv(5)) with filledcurves y1=0 fc rgb sky fs solid 0.45 noborder, \
            '' skip 1 using (mid(2, 3)):(csv(11)) with lines lw 1.3 lc rgb dim dt (6, 4), \
            stem . '-collections.csv' skip 1 using (csv(2)):(-0.085 * span):(0):(0.06 * span) with vectors nohead lw 1 lc rgb dim
        unset label; unset object; unset arrow
        set tmargin at screen top - py(84 + 190 + 36)
        set bmargin at screen low + py(64)
        set logscale y 2
        floor = 4
        set yrange [floor:span * 1.2]
        set ytics () textcolor rgb ink
        set ytics add ('0' floor)
        do for [n = 2:15] { if (4 ** n <= span) { set ytics add (KiB(int(4 ** n)) 4 ** n) } }
        eval ops_tics
        set xlabel 'operation' textcolor rgb dim offset 0, 0.4
        raised(c) = csv(c) < floor ? floor : csv(c)
        plot \
            stem . '.csv' skip 1 using (mid(2, 3)):(raised(13)):(raised(15)) with filledcurves fc rgb vermillion fs transparent solid 0.22 noborder, \
            '' skip 1 using (mid(2, 3)):(raised(16)):(raised(18)) with filledcurves fc rgb blue fs transparent solid 0.25 noborder, \
            '' skip 1 using (mid(2, 3)):(raised(14)) with lines lw 1.7 lc rgb vermillion, \
            '' skip 1 using (mid(2, 3)):(raised(17)) with lines lw 2.2 lc rgb blue, \
            stem . '-refusals.csv' skip 1 using (csv(2)):(csv(3) <= span ? raised(3) : NaN) with points pt 2 ps 0.6 * large lw 1.4 lc rgb ink, \
            '' skip 1 using (csv(2)):(csv(3) > span ? span : NaN) with points pt 8 ps 0.8 * large lc rgb ink
    }
    unset multiplot
    unset output
}
