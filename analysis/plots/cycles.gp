# The share of the operations of a kind that took so many cycles or more, one
# panel a run, one curve a kind. Between two bounds the lower share is drawn.
hue(name) = name eq 'alloc' ? blue : name eq 'alloc_net' ? sky : name eq 'free' ? green : name eq 'realloc' ? orange : name eq 'collect' ? vermillion : name eq 'step' ? purple : name eq 'deref' ? grey : ink
do for [form = 1:2] {
    if (form == 1) { eval to_svg } else { eval to_png }
    set multiplot
    do for [i = 1:n_panels] {
        eval no_time_axis
        eval place_panel
        from = panel_first[i]; to = panel_last[i]; us = panel_us[i]
        k = 0; x = 12
        do for [kind = 1:panel_kinds[i]] {
            row = 41 + 18 * kind; word = kind_text[9 * (i - 1) + kind]; c = hue(kind_name[9 * (i - 1) + kind]); sign = sign_line; eval add_sign
        }
        set tmargin at screen top - py(us > 0 ? row + 36 : row + 16)
        set logscale xy
        set xrange [from:to]
        set yrange [50.0 / panel_count[i]:130]
        eval log_tics_x
        eval time_axis_above
        if (us > 0) { set label 9 panel_clock[i] at screen 1 - px(36), screen top - py(38) right textcolor rgb dim font small }
        set ytics () textcolor rgb ink
        do for [n = -9:2] { if (10.0 ** n >= 50.0 / panel_count[i]) { set ytics add (sprintf('%g %%%%', 10.0 ** n) 10.0 ** n) } }
        set grid x y lc rgb faint lw 1 lt 1
        set xlabel 'cycles of one operation' textcolor rgb dim offset 0, 0.4
        at(c, name) = column(1) == run && strcol(2) eq name ? column(c) : NaN
        plot for [kind = 1:panel_kinds[i]] stem . '.csv' skip 1 using (at(3, kind_name[9 * (i - 1) + kind])):(at(5, kind_name[9 * (i - 1) + kind])) with fsteps lw (kind_name[9 * (i - 1) + kind] eq 'alloc' ? 4 : 1.8) lc rgb hue(kind_name[9 * (i - 1) + kind])
    }
    unset multiplot
    unset output
}
