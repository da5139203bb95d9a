# A house with every kind of breach, and one circle.
mkdir -p core sim/machine sim/replay traces analysis
echo 'MANAGER(one, 0, "a manager")' >core/managers.def
echo 'MANAGER(two, 0, "another")' >>core/managers.def
printf '#include <stdint.h>\n#include "core/two.h"\n' >core/one.c
printf '#include <stdio.h>\n#include "traces/op.h"\n' >core/two.h
printf '#include "core/heap.h"\n' >sim/machine/bus.c
printf '#include <sqlite3.h>\n#include "core/one.h"\n' >sim/replay/play.c
printf '#  include "sim/replay/play.h"\n' >traces/op.h
printf '#include "b.h"\n#include "traces/a.h"\n' >traces/a.c
printf '#include "traces/b.h"\n' >traces/a.h
printf '#include "traces/a.h"\n' >traces/b.h
printf '#include <sqlite3.h>\n#include "core/one.h"\n' >analysis/all_is_well.c
bash "$ROOT/tests/layers.sh"
