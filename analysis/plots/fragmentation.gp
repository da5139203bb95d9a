# Bytes over operations, one panel a run.
do for [form in 'svg png'] {
    if (form eq 'svg') {
        set terminal svg size width, height noenhanced font 'sans-serif,13' background '#fefefe'
    } else {
        set terminal is_png size 1.5 * width, 1.5 * height noenhanced font 'sans-serif,19' background '#fefefe' linewidth 1.5
    }
    set output stem . '.' . form
    set multiplot
    do for [i = 1:n_panels] {
        run = panel_run[i]; heap = panel_heap[i]; step = panel_step[i]
        csv(c) = column(1) == run ? column(c) : NaN
        top = 1 - (i - 1.0) / n_panels; low = 1 - (1.0 * i) / n_panels
        frame = (top - low) * height
        set tmargin at screen top - 78.0 / height
        set bmargin at screen low + 50.0 / height
        unset label
        set label 1 panel_title[i] at screen 0.012, screen top - 18.0 / height left textcolor rgb ink
        set label 2 panel_note[i] at screen 0.012, screen top - 37.0 / height left textcolor rgb dim font ',11'
        set key at screen 0.006, screen top - 46.0 / height left top horizontal maxrows 1 Left reverse samplen 1.4 textcolor rgb ink
        set xrange [0:panel_ops[i] * 1.002]
        set yrange [-0.055 * heap:heap * 1.03]
        set format x '%.0s%c'
        set xlabel 'operation' textcolor rgb dim offset 0, 0.3
        unset ylabel
        set ytics () textcolor rgb ink
        do for [k = 0:int(heap / step)] {
            at = k * step
            if (at <= heap - step / 2 || at == heap) { set ytics add (KiB(at) at) }
        }
        if (int(heap) % int(step) != 0) { set ytics add ('H ' . KiB(int(heap)) heap) }
        mid(a, b) = (csv(a) + csv(b)) / 2.0
        plot \
            stem . '.csv' skip 1 using (mid(2, 3)):(csv(8)) with filledcurves y1=0 fc rgb grey fs solid 0.28 noborder title 'used (with garbage)', \
            '' skip 1 using (mid(2, 3)):(csv(5)) with filledcurves y1=0 fc rgb sky fs solid 0.45 noborder title 'live', \
            '' skip 1 using (mid(2, 3)):(csv(13)):(csv(15)) with filledcurves fc rgb vermillion fs transparent solid 0.22 noborder notitle, \
            '' skip 1 using (mid(2, 3)):(csv(16)):(csv(18)) with filledcurves fc rgb blue fs transparent solid 0.25 noborder notitle, \
            '' skip 1 using (mid(2, 3)):(csv(11)) with lines lw 1.4 lc rgb dim dt (6, 4) title 'free', \
            '' skip 1 using (mid(2, 3)):(csv(14)) with lines lw 1.8 lc rgb vermillion title 'largest free', \
            '' skip 1 using (mid(2, 3)):(csv(17)) with lines lw 2.4 lc rgb blue title 'largest request', \
            stem . '-collections.csv' skip 1 using (csv(2)):(-0.048 * heap):(0):(0.034 * heap) with vectors nohead lw 1 lc rgb dim title (panel_collections[i] > 0 ? 'collection' : ''), \
            stem . '-refusals.csv' skip 1 using (csv(2)):(csv(3) <= heap ? csv(3) : NaN) with points pt 2 ps 0.55 lw 1.4 lc rgb ink title (panel_refusals[i] > 0 ? 'refused request' : ''), \
            '' skip 1 using (csv(2)):(csv(3) > heap ? heap : NaN) with points pt 8 ps 0.7 lc rgb ink notitle
    }
    unset multiplot
    unset output
}
