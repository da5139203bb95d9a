# Holes by length, one panel a run.
do for [form in 'svg png'] {
    if (form eq 'svg') {
        set terminal svg size width, height noenhanced font 'sans-serif,13' background '#fefefe'
    } else {
        set terminal is_png size 1.5 * width, 1.5 * height noenhanced font 'sans-serif,19' background '#fefefe' linewidth 1.5
    }
    set output stem . '.' . form
    set multiplot
    set style fill solid 0.9 noborder
    do for [i = 1:n_panels] {
        run = panel_run[i]
        csv(c) = column(1) == run ? column(c) : NaN
        top = 1 - (i - 1.0) / n_panels; low = 1 - (1.0 * i) / n_panels
        set tmargin at screen top - 78.0 / height
        set bmargin at screen low + 62.0 / height
        unset label
        set label 1 panel_title[i] at screen 0.012, screen top - 18.0 / height left textcolor rgb ink
        set label 2 panel_note[i] at screen 0.012, screen top - 37.0 / height left textcolor rgb dim font ',11'
        set key at screen 0.006, screen top - 46.0 / height left top horizontal maxrows 1 Left reverse samplen 1.4 textcolor rgb ink
        set xrange [panel_first[i] - 0.7:panel_last[i] + 0.7]
        set yrange [0:panel_count[i] * 1.12]
        set xtics ()
        do for [k = int(panel_first[i]):int(panel_last[i])] { set xtics add (KiB(int(2 ** k)) k) }
        set ytics autofreq
        set xlabel 'length of the hole: from this many bytes up to the next mark' textcolor rgb dim
        set ylabel 'holes' textcolor rgb dim
        place(shift) = csv(2) > 0 ? log(csv(2)) / log(2) + shift : NaN
        plot \
            stem . '.csv' skip 1 using (place(-0.2)):(csv(4)):(0.36) with boxes fc rgb vermillion title 'at the worst moment', \
            '' skip 1 using (place(0.2)):(csv(5)):(0.36) with boxes fc rgb sky title 'at the end', \
            '' skip 1 using (place(-0.2)):(csv(4)):(csv(4) > 0 ? sprintf('%d', csv(4)) : '') with labels offset 0, 0.6 font ',10' textcolor rgb dim notitle, \
            '' skip 1 using (place(0.2)):(csv(5)):(csv(5) > 0 ? sprintf('%d', csv(5)) : '') with labels offset 0, 0.6 font ',10' textcolor rgb dim notitle
    }
    unset multiplot
    unset output
}
