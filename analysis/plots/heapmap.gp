# Address by operation; a cell's colour mixes what lay in it, and lets the
# background through where it was free.
full(x) = x < 1e-6 ? 1e-6 : x
byte(c, shift) = (c >> shift) & 255
mix(shift) = (column(4) * byte(blue, shift) + column(5) * byte(orange, shift) + column(6) * byte(grey, shift)) / full(column(4) + column(5) + column(6))
alpha(unused) = 2.55 * (column(4) + column(5) + column(6))
do for [form = 1:2] {
    if (form == 1) { eval to_svg } else { eval to_png }
    set multiplot
    unset grid
    do for [i = 1:n_panels] {
        eval place_panel
        k = 0; f = 1
        x = 12; c = blue; word = 'live'; sign = sign_box; eval add_sign
        x = 76; c = orange; word = 'garbage, not yet reclaimed'; sign = sign_box; eval add_sign
        x = 292; c = grey; word = 'tables'; sign = sign_box; eval add_sign
        x = 368; c = dim; f = 0; word = 'free'; sign = sign_box; eval add_sign
        set xrange [0:panel_ops[i]]
        set yrange [0:panel_span[i]]
        eval ops_tics
        set xlabel 'operation' textcolor rgb dim offset 0, 0.4
        step = panel_step[i]
        set ytics () textcolor rgb ink
        do for [n = 0:int(panel_span[i] / step)] { set ytics add (KiB(n * step) n * step) }
        plot stem . '.csv' skip 1 using 2:3:(mix(16)):(mix(8)):(mix(0)):(alpha(0)) with rgbalpha
    }
    unset multiplot
    unset output
}
