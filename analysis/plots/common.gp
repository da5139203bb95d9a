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
