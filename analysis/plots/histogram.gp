# Holes by length, one panel a run.
do for [form = 1:2] {
    if (form == 1) { eval to_svg } else { eval to_png }
    set multiplot
    set style fill solid 0.9 noborder
    do for [i = 1:n_panels] {
        eval place_panel
        k = 0; f = 0.9
        x = 12; c = vermillion; word = 'at the worst moment'; sign = sign_box; eval add_sign
        x = 190; c = sky; word = 'at the end'; sign = sign_box; eval add_sign
        csv(c) = column(1) == run ? column(c) : NaN
        set xrange [panel_first[i] - 0.7:panel_last[i] + 0.7]
        set yrange [0:panel_count[i] * 1.12]
        set xtics ()
        do for [n = int(panel_first[i]):int(panel_last[i])] { set xtics add (KiB(int(2 ** n)) n) }
        set xlabel 'length of the hole: from this many bytes up to the next mark' textcolor rgb dim offset 0, 0.4
        set ytics 0, panel_step[i]
        set ylabel 'holes' textcolor rgb dim
        class(shift) = csv(2) > 0 ? log(csv(2)) / log(2) + shift : NaN
        tell(c) = csv(c) > 0 ? sprintf('%d', csv(c)) : ''
        plot \
            stem . '.csv' skip 1 using (class(-0.2)):(csv(4)):(0.36) with boxes fc rgb vermillion, \
            '' skip 1 using (class(0.2)):(csv(5)):(0.36) with boxes fc rgb sky, \
            '' skip 1 using (class(-0.2)):(csv(4)):(tell(4)) with labels offset 0, 0.6 font small textcolor rgb dim, \
            '' skip 1 using (class(0.2)):(csv(5)):(tell(5)) with labels offset 0, 0.6 font small textcolor rgb dim
    }
    unset multiplot
    unset output
}
