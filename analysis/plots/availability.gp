# How often a request of a size would have succeeded; one line a run.
array colour[8] = [blue, vermillion, green, orange, purple, sky, dim, grey]
do for [form in 'svg png'] {
    if (form eq 'svg') {
        set terminal svg size width, height noenhanced font 'sans-serif,13' background '#fefefe'
    } else {
        set terminal is_png size 1.5 * width, 1.5 * height noenhanced font 'sans-serif,19' background '#fefefe' linewidth 1.5
    }
    set output stem . '.' . form
    set tmargin at screen 1 - (n_panels > 1 ? 56.0 + 18 * n_panels : 56.0) / height
    set bmargin at screen 62.0 / height
    unset label
    set label 1 title at screen 0.012, screen 1 - 18.0 / height left textcolor rgb ink
    set label 2 note at screen 0.012, screen 1 - 37.0 / height left textcolor rgb dim font ',11'
    set key at screen 0.012, screen 1 - 48.0 / height left top vertical Left reverse samplen 1.4 textcolor rgb ink
    set xrange [0:last * 1.03]
    set yrange [0:103]
    set format y '%g %%'
    set ytics 0, 20, 100
    set xtics ()
    do for [k = 0:int(last / step)] { set xtics add (KiB(k * step) k * step) }
    set xlabel 'bytes asked for in one request' textcolor rgb dim
    csv(run, c) = column(1) == run ? column(c) : NaN
    plot for [i = 1:n_panels] stem . '.csv' skip 1 using (csv(panel_run[i], 2)):(csv(panel_run[i], 4)) \
        with steps lw 2.2 lc rgb colour[i] title (n_panels > 1 ? panel_title[i] : '')
    unset output
}
