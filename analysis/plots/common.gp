# What all figures share. Colours: Okabe and Ito, "Color Universal Design",
# 2008. The SVG figure and the PNG figure are drawn by the same commands.
set datafile separator ','
set encoding utf8
blue = 0x0072B2; vermillion = 0xD55E00; orange = 0xE69F00
sky = 0x56B4E9; green = 0x009E73; purple = 0xCC79A7
ink = 0x222222; dim = 0x555555; faint = 0xDDDDDD; grey = 0x999999
set border 3 lc rgb dim
set tics nomirror out scale 0.6 textcolor rgb ink
set grid y lc rgb faint lw 1 lt 1
set style fill solid 0.35 noborder
set key outside top left horizontal maxrows 2 samplen 1.6 width 1 textcolor rgb ink
set lmargin 11
set rmargin 4
is_png = strstrt(GPVAL_TERMINALS, 'pngcairo') ? 'pngcairo' : 'png'
KiB(x) = x == 0 ? '0' : x % 1048576 == 0 ? sprintf('%d MiB', x / 1048576) : \
    x % 1024 == 0 ? sprintf('%d KiB', x / 1024) : sprintf('%d', x)
