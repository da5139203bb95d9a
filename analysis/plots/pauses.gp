# Above, pauses over operations, phases stacked; below, what collections leave to
# the program, by length of the window.
array phase_colour[6] = [blue, purple, sky, grey, orange, green]
array phase_word[6] = ['mark', 'finalise', 'sweep', 'plan', 'update', 'move']
do for [form = 1:2] {
    if (form == 1) { eval to_svg } else { eval to_png }
    set multiplot
    do for [i = 1:n_panels] {
        eval no_time_axis
        eval place_panel
        us = panel_us[i]; from = panel_first[i]; to = panel_last[i]
        most = panel_count[i] * 1.06
        csv(c) = column(1) == run ? column(c) : NaN
        below(c) = sum [m = 5:c] csv(m)
        k = 0; row = 59; f = 0.9; sign = sign_box; x = 12
        do for [phase = 1:6] { c = phase_colour[phase]; word = phase_word[phase]; eval add_sign; x = x + 36 + 7 * strlen(word) }
        c = dim; word = 'collecting in steps, longest'; sign = sign_line; if (panel_steps[i]) { eval add_sign }
        row = 84 + 230 + 38
        x = 12; c = blue; word = 'MMU: windows of this length'; sign = sign_line; eval add_sign
        x = 236; c = vermillion; word = 'BMU: of this length or longer'; sign = sign_line; eval add_sign
        x = 454; c = dim; word = 'longest pause'; sign = sign_dash; eval add_sign
        if (us > 0) { set label 9 panel_clock[i] at screen 1 - px(36), screen top - py(row) right textcolor rgb dim font small }
        set rmargin us > 0 ? 9 : 4
        set bmargin at screen top - py(84 + 205)
        set xrange [0:panel_ops[i] * 1.002]
        set yrange [0:most]
        eval ops_tics
        set ytics () textcolor rgb ink
        do for [n = 0:int(most / panel_step[i])] { set ytics add (Count(n * panel_step[i]) n * panel_step[i]) }
        if (us > 0) {
            tenth = 10.0 ** floor(log10(most * us / 3)); mark = most * us / tenth >= 15 ? 5 * tenth : most * us / tenth >= 6 ? 2 * tenth : tenth
            set border 11; set y2range [0:most * us]; set y2tics () textcolor rgb dim font small
            do for [n = 1:int(most * us / mark)] { set y2tics add (Time(n * mark) n * mark) }
        }
        set xlabel 'operation' textcolor rgb dim offset 0, 0.4
        set ylabel 'pause, cycles' textcolor rgb dim
        set grid y lc rgb faint lw 1 lt 1
        wide = panel_wide[i] > panel_ops[i] / 400.0 ? 0.9 * panel_wide[i] : panel_ops[i] / 400.0
        set style fill solid 0.9 noborder
        mid(a, b) = (csv(a) + csv(b)) / 2.0
        plot \
            stem . '-collecting.csv' skip 1 using (mid(2, 3)):(panel_steps[i] ? csv(6) : NaN) with lines lw 1 lc rgb dim, \
            for [phase = 0:5] stem . '.csv' skip 1 using (csv(2)):(below(10 - phase)):(wide) with boxes fc rgb phase_colour[6 - phase], \
            NaN notitle
        eval no_time_axis
        unset label; unset object; unset arrow; unset ylabel
        set rmargin us > 0 ? 9 : 4
        set tmargin at screen top - py(us > 0 ? 84 + 230 + 76 : 84 + 230 + 54)
        set bmargin at screen low + py(64)
        set logscale x
        set xrange [from:to]
        set yrange [0:103]
        set ytics 0, 20, 100 textcolor rgb ink
        set format y '%g %%'
        eval log_tics_x
        eval time_axis_above
        set grid x y lc rgb faint lw 1 lt 1
        set xlabel 'length of the window, cycles' textcolor rgb dim offset 0, 0.4
        set arrow 1 from panel_count[i], 0 to panel_count[i], 100 nohead lw 1.4 dt (6, 4) lc rgb dim
        plot \
            stem . '-utilisation.csv' skip 1 using (csv(2)):(100 * csv(4)) with lines lw 2.2 lc rgb blue, \
            '' skip 1 using (csv(2)):(100 * csv(5)) with lines lw 1.7 lc rgb vermillion
        unset arrow
        set format y '% h'
    }
    unset multiplot
    unset output
}
