# Cycles over operations: longest and mean of each bin, on a logarithmic axis.
do for [form = 1:2] {
    if (form == 1) { eval to_svg } else { eval to_png }
    set multiplot
    do for [i = 1:n_panels] {
        eval no_time_axis
        eval place_panel
        from = panel_first[i]; to = panel_last[i]; us = panel_us[i]
        k = 0; row = 59
        x = 12; c = vermillion; word = 'longest operation'; sign = sign_line; eval add_sign
        x = 164; c = blue; word = 'mean'; sign = sign_line; eval add_sign
        x = 236; c = orange; word = 'of it collecting'; sign = sign_line; eval add_sign
        x = 372; c = dim; word = 'collection'; sign = sign_tick; if (panel_collections[i] > 0) { eval add_sign }
        set rmargin us > 0 ? 9 : 4
        set logscale y
        set xrange [0:panel_ops[i] * 1.002]
        set yrange [from:to]
        eval ops_tics
        eval log_tics_y
        eval time_axis_right
        if (us > 0) { set label 9 panel_clock[i] at screen 1 - px(14), screen top - py(row) right textcolor rgb dim font small }
        set grid y lc rgb faint lw 1 lt 1
        set xlabel 'operation' textcolor rgb dim offset 0, 0.4
        set ylabel 'cycles of one operation' textcolor rgb dim
        csv(c) = column(1) == run ? column(c) : NaN
        mid(a, b) = (csv(a) + csv(b)) / 2.0
        raised(c) = csv(c) < from ? NaN : csv(c)
        plot \
            stem . '.csv' skip 1 using (mid(2, 3)):(raised(6)) with lines lw 1.2 lc rgb vermillion, \
            '' skip 1 using (mid(2, 3)):(raised(8)) with impulses lw 2.5 lc rgb orange, \
            '' skip 1 using (mid(2, 3)):(raised(5)) with lines lw 2.2 lc rgb blue, \
            stem . '-collections.csv' skip 1 using (csv(2)):(from):(0):(0.3 * from) with vectors nohead lw 1 lc rgb dim
        unset ylabel
    }
    unset multiplot
    unset output
}
