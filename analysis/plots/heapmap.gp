# Address by operation, one panel a run; a cell's colour mixes what lay in it.
share(c, colour, byte) = column(c) * int(colour / byte) % 256
part(byte) = (column(4) * (int(blue / byte) % 256) + column(5) * (int(orange / byte) % 256) \
    + column(6) * (int(grey / byte) % 256)) / (column(4) + column(5) + column(6) + 1e-9)
do for [form in 'svg png'] {
    if (form eq 'svg') {
        set terminal svg size width, height noenhanced font 'sans-serif,13' background '#fefefe'
    } else {
        set terminal is_png size 1.5 * width, 1.5 * height noenhanced font 'sans-serif,19' background '#fefefe' linewidth 1.5
    }
    set output stem . '.' . form
    set multiplot
    unset grid
    do for [i = 1:n_panels] {
        run = panel_run[i]; step = panel_step[i]
        csv(c) = column(1) == run ? column(c) : NaN
        top = 1 - (i - 1.0) / n_panels; low = 1 - (1.0 * i) / n_panels
        set tmargin at screen top - 78.0 / height
        set bmargin at screen low + 50.0 / height
        unset label
        set label 1 panel_title[i] at screen 0.012, screen top - 18.0 / height left textcolor rgb ink
        set label 2 panel_note[i] at screen 0.012, screen top - 37.0 / height left textcolor rgb dim font ',11'
        set key at screen 0.006, screen top - 46.0 / height left top horizontal maxrows 1 Left reverse samplen 1.4 textcolor rgb ink
        set xrange [0:panel_ops[i]]
        set yrange [0:panel_span[i]]
        set format x '%.0s%c'
        set xlabel 'operation' textcolor rgb dim offset 0, 0.3
        set ytics () textcolor rgb ink
        do for [k = 0:int(panel_span[i] / step)] { set ytics add (KiB(k * step) k * step) }
        plot stem . '.csv' skip 1 using (csv(2)):(csv(3)):(part(65536)):(part(256)):(part(1)):(255 * (column(4) + column(5) + column(6)) / 100.0) with rgbalpha notitle, \
            NaN with boxes fs solid 1 fc rgb blue title 'live', \
            NaN with boxes fs solid 1 fc rgb orange title 'garbage', \
            NaN with boxes fs solid 1 fc rgb grey title 'tables', \
            NaN with boxes fs empty border lc rgb dim title 'free'
    }
    unset multiplot
    unset output
}
