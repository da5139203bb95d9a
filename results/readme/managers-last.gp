# managers, drawn from the CSV beside it: gnuplot managers-last.gp
stem = 'managers-last'
width = 960
height = 640
n_panels = 9
array panel_run[9]
array panel_title[9]
array panel_note[9]
array panel_heap[9]
array panel_step[9]
array panel_ops[9]
array panel_collections[9]
array panel_refusals[9]
array panel_span[9]
array panel_last[9]
array panel_first[9]
array panel_count[9]
array panel_column[9]
array panel_us[9]
array panel_clock[9]
array panel_kinds[9]
array panel_wide[9]
array panel_steps[9]
panel_title[1] = 'marksweep'
panel_run[1] = 301
panel_heap[1] = 65536
panel_ops[1] = 1502
panel_column[1] = 200
panel_title[2] = 'twoended'
panel_run[2] = 304
panel_heap[2] = 65536
panel_ops[2] = 1502
panel_column[2] = 200
panel_title[3] = 'copying'
panel_run[3] = 313
panel_heap[3] = 65536
panel_ops[3] = 1502
panel_column[3] = 200
panel_title[4] = 'semispace'
panel_run[4] = 320
panel_heap[4] = 65536
panel_ops[4] = 1502
panel_column[4] = 200
panel_title[5] = 'tlsf'
panel_run[5] = 326
panel_heap[5] = 65536
panel_ops[5] = 1502
panel_column[5] = 200
panel_title[6] = 'fit'
panel_run[6] = 329
panel_heap[6] = 65536
panel_ops[6] = 1502
panel_column[6] = 200
panel_title[7] = 'chains'
panel_run[7] = 333
panel_heap[7] = 65536
panel_ops[7] = 1502
panel_column[7] = 200
panel_title[8] = 'intern'
panel_run[8] = 340
panel_heap[8] = 65536
panel_ops[8] = 1502
panel_column[8] = 200
panel_title[9] = 'handles'
panel_run[9] = 345
panel_heap[9] = 65536
panel_ops[9] = 1502
panel_column[9] = 200
title = 'wiki-question · heap of 64 KiB'

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

# Cycles: round marks on a logarithmic axis, and a second axis in microseconds
# above or on the right (`us` microseconds a cycle; 0 where no clock is known).
Count(x) = x >= 1e9 ? sprintf('%gG', x / 1e9) : x >= 1e6 ? sprintf('%gM', x / 1e6) : x >= 1e3 ? sprintf('%gk', x / 1e3) : sprintf('%g', x)
Time(x) = x >= 1e6 ? sprintf('%g s', x / 1e6) : x >= 1e3 ? sprintf('%g ms', x / 1e3) : sprintf('%g µs', x)
log_tics_x = "set xtics () textcolor rgb ink; do for [n = 0:18] { do for [m = 1:5] { if (m != 3 && m != 4 && (m == 1 || to / from < 3000) && m * 10.0 ** n >= from && m * 10.0 ** n <= to) { set xtics add (Count(m * 10.0 ** n) m * 10.0 ** n) } } }"
log_tics_y = "set ytics () textcolor rgb ink; do for [n = 0:18] { do for [m = 1:5] { if (m != 3 && m != 4 && (m == 1 || to / from < 3000) && m * 10.0 ** n >= from && m * 10.0 ** n <= to) { set ytics add (Count(m * 10.0 ** n) m * 10.0 ** n) } } }"
time_axis_above = "if (us > 0) { set border 7; set logscale x2; set x2range [from * us:to * us]; set x2tics () textcolor rgb dim font small; do for [n = -3:12] { if (10.0 ** n >= from * us && 10.0 ** n <= to * us) { set x2tics add (Time(10.0 ** n) 10.0 ** n) } } }"
time_axis_right = "if (us > 0) { set border 11; set logscale y2; set y2range [from * us:to * us]; set y2tics () textcolor rgb dim font small; do for [n = -3:12] { if (10.0 ** n >= from * us && 10.0 ** n <= to * us) { set y2tics add (Time(10.0 ** n) 10.0 ** n) } } }"
no_time_axis = "set border 3; unset x2tics; unset y2tics; unset logscale; set rmargin 4"
sign_text = "set label 10 + k word at screen px(x + 21), screen y left textcolor rgb ink font small"
add_sign = "y = top - py(row); k = k + 1; eval sign; eval sign_text"

# Managers beside each other, a line a run, two plots: above, the largest request
# that would have succeeded, the least of each stretch; below, the largest free
# block, its mean.
array colour[8] = [blue, vermillion, green, orange, purple, sky, dim, grey]
line_colour(k) = colour[(k - 1) % 8 + 1]
heap = 0; ops = 0; column = 1
do for [k = 1:n_panels] {
    if (panel_heap[k] > heap) { heap = panel_heap[k] }
    if (panel_ops[k] > ops) { ops = panel_ops[k]; column = panel_column[k] }
}
legend = 18 * int((n_panels + 3) / 4)
floor = 16
do for [form = 1:2] {
    if (form == 1) { eval to_svg } else { eval to_png }
    set multiplot
    unset label; unset object; unset arrow
    set label 1 title at screen px(12), screen 1 - py(18) left textcolor rgb ink
    do for [k = 1:n_panels] {
        x = 12 + 236 * ((k - 1) % 4); c = line_colour(k); y = 1 - py(42 + 18 * int((k - 1) / 4)); word = panel_title[k]
        if (k <= 8) { eval sign_line } else { eval sign_dash }
        eval sign_text
    }
    set logscale y 2
    set xrange [0:ops * 1.002]
    set yrange [floor:heap * 1.15]
    set ytics () textcolor rgb ink
    set ytics add ('0' floor)
    do for [n = 3:15] { if (4 ** n <= heap) { set ytics add (KiB(int(4 ** n)) 4 ** n) } }
    run_csv(run, c) = column(1) == run ? column(c) : NaN
    mid(run) = (run_csv(run, 2) + run_csv(run, 3)) / 2.0
    raised(run, c) = run_csv(run, c) < floor ? floor : run_csv(run, c)
    do for [part = 1:2] {
        above = 34 + legend + (part == 1 ? 0 : (height - 34 - legend) / 2)
        set tmargin at screen 1 - py(above + 30)
        set bmargin at screen 1 - py(above + (height - 34 - legend) / 2 - (part == 1 ? 16 : 56))
        if (part == 2) { unset label; unset object; unset arrow }
        word = part == 1 ? 'largest request that would have succeeded, the least of each stretch' : 'largest free block, the mean of each stretch'
        set label 2 word at screen px(12), screen 1 - py(above + 14) left textcolor rgb dim font small
        set xtics () textcolor rgb ink
        do for [n = 0:int(ops / column)] { word = part == 1 ? '' : Ops(n * column); set xtics add (word n * column) }
        if (part == 2) { set xlabel 'operation' textcolor rgb dim offset 0, 0.4 }
        else { unset xlabel }
        c = part == 1 ? 4 : 8
        # An iteration over nothing would still be looked at once.
        if (n_panels <= 8) {
            plot for [k = 1:n_panels] stem . '.csv' skip 1 using (mid(panel_run[k])):(raised(panel_run[k], c)) with lines lw 1.8 lc rgb line_colour(k)
        } else {
            plot for [k = 1:8] stem . '.csv' skip 1 using (mid(panel_run[k])):(raised(panel_run[k], c)) with lines lw 1.8 lc rgb line_colour(k), \
                for [k = 9:n_panels] stem . '.csv' skip 1 using (mid(panel_run[k])):(raised(panel_run[k], c)) with lines lw 1.6 dt (6, 4) lc rgb line_colour(k)
        }
    }
    unset multiplot
    unset output
}
