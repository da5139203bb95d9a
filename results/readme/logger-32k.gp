# fragmentation, drawn from the CSV beside it: gnuplot logger-32k.gp
stem = 'logger-32k'
width = 960
height = 560
n_panels = 1
array panel_run[1]
array panel_title[1]
array panel_note[1]
array panel_heap[1]
array panel_step[1]
array panel_ops[1]
array panel_collections[1]
array panel_refusals[1]
array panel_span[1]
array panel_last[1]
array panel_first[1]
array panel_count[1]
array panel_column[1]
panel_title[1] = 'logger-32k.ftb · marksweep · heap of 32 KiB · run 10 (178136e9)'
panel_run[1] = 10
panel_note[1] = '256 operations a point: mean, band of extremes · 126 collections · 71 refusals'
panel_heap[1] = 32768
panel_span[1] = 32768
panel_step[1] = 8192
panel_ops[1] = 108981
panel_column[1] = 20000
panel_collections[1] = 126
panel_refusals[1] = 71

# What all figures share. Colours: Okabe and Ito, "Color Universal Design",
# 2008. The SVG figure and the PNG figure are drawn by the same commands.
set datafile separator ','
set encoding utf8
blue = 0x0072B2; vermillion = 0xD55E00; orange = 0xE69F00
sky = 0x56B4E9; green = 0x009E73; purple = 0xCC79A7
ink = 0x222222; dim = 0x555555; faint = 0xDDDDDD; grey = 0x999999; paper = 0xFEFEFE
set border 3 lc rgb dim
set tics nomirror out scale 0.6 textcolor rgb ink
set grid y lc rgb faint lw 1 lt 1
set lmargin 11
set rmargin 4
unset key
is_png = strstrt(GPVAL_TERMINALS, 'pngcairo') ? 'pngcairo' : 'png'
to_svg = "set terminal svg size width, height noenhanced font 'sans-serif,13' background '#fefefe'; set output stem . '.svg'; small = ',11'; large = 1"
to_png = "set terminal " . is_png . " size 1.5 * width, 1.5 * height noenhanced font 'sans-serif,18' background '#fefefe' linewidth 1.5; set output stem . '.png'; small = ',15'; large = 1.5"

KiB(x) = x == 0 ? '0' : x % 1048576 == 0 ? sprintf('%d MiB', x / 1048576) : x % 1024 == 0 ? sprintf('%d KiB', x / 1024) : sprintf('%d', x)
Ops(x) = x >= 1e6 ? sprintf('%gM', x / 1e6) : x >= 1e3 ? sprintf('%gk', x / 1e3) : sprintf('%g', x)
ops_tics = "set xtics () textcolor rgb ink; do for [n = 0:int(panel_ops[i] / panel_column[i])] { set xtics add (Ops(n * panel_column[i]) n * panel_column[i]) }"

# Lengths in pixels of the SVG figure, as parts of the screen.
px(x) = x * 1.0 / width
py(y) = y * 1.0 / height

# A panel's place, title and note; `i` is its number from the top.
place_panel = "top = 1 - (i - 1.0) / n_panels; low = 1 - (1.0 * i) / n_panels; run = panel_run[i]; set tmargin at screen top - py(84); set bmargin at screen low + py(64); unset label; unset object; unset arrow; set label 1 panel_title[i] at screen px(12), screen top - py(18) left textcolor rgb ink; set label 2 panel_note[i] at screen px(12), screen top - py(38) left textcolor rgb dim font small"

# The legend is one row above the panel: at x pixels, a sign and its text. A
# sign is box, line, dash, tick or cross; `c` its colour, `f` a box's density.
sign_box = "set object 10 + k rectangle from screen px(x), screen y - py(5) to screen px(x + 16), screen y + py(5) fc rgb c fs transparent solid f border lc rgb c"
sign_line = "set arrow 10 + k from screen px(x), screen y to screen px(x + 16), screen y nohead lw 2.4 lc rgb c"
sign_dash = "set arrow 10 + k from screen px(x), screen y to screen px(x + 16), screen y nohead lw 1.4 dt (6, 4) lc rgb c"
sign_tick = "set arrow 10 + k from screen px(x + 10), screen y - py(6) to screen px(x + 10), screen y + py(6) nohead lw 1 lc rgb c"
sign_cross = "set label 30 + k '' at screen px(x + 9), screen y point pt 2 ps 0.7 * large lw 1.4 lc rgb c"
row = 59
sign_text = "set label 10 + k word at screen px(x + 21), screen y left textcolor rgb ink font small"
add_sign = "y = top - py(row); k = k + 1; eval sign; eval sign_text"

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
