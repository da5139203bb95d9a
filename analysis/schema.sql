-- fraglab's database. Bytes unless said; an operation's key is
-- run number << 36 | seq (seq counts a run's operations from 1), so one range
-- scan gives one run in order. A run is here whole or not at all. An integer
-- of a trace that SQLite cannot hold (2^63 and more) stands as 2^63 - 1.
-- PRAGMA user_version holds the version of this schema, PRAGMA application_id
-- 0x66726167 ("frag").

CREATE TABLE trace (           -- a workload that some run played
  hash        TEXT PRIMARY KEY, -- of the events, whatever file form held them
  name        TEXT NOT NULL,    -- file name without folders, or PRESET:...
  place       TEXT NOT NULL,    -- where it was last read: whole path or
                                -- PRESET:..., '-' for standard input
  format      TEXT NOT NULL,    -- text, binary, gcrec, rep, mplog, preset
  program     TEXT NOT NULL,    -- what was recorded
  events      INTEGER NOT NULL, -- operations and events
  operations  INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE image (           -- machine code that some run ran
  hash        TEXT PRIMARY KEY, -- of what it loads: addresses and bytes
  place       TEXT NOT NULL,    -- where it was last read: whole path
  code_bytes  INTEGER NOT NULL  -- code and constants
) WITHOUT ROWID;

CREATE TABLE machine (         -- a microcontroller that some run ran on
  hash        TEXT PRIMARY KEY, -- of `config`
  name        TEXT NOT NULL,    -- its file's, without .json
  core        TEXT NOT NULL,
  model       INTEGER NOT NULL, -- version of the core's timing model
  clock_hz    INTEGER NOT NULL, -- 0: not stated
  config      TEXT NOT NULL     -- canonical JSON: all that makes it
) WITHOUT ROWID;

CREATE TABLE run (
  number      INTEGER PRIMARY KEY AUTOINCREMENT
                     CHECK (number < 134217728), -- first part of keys below;
                                      -- a deleted run's is not used again
  id          TEXT NOT NULL UNIQUE, -- hash of `spec`
  spec        TEXT NOT NULL,        -- canonical JSON: all that makes the run
  trace       TEXT NOT NULL REFERENCES trace(hash),
  manager     TEXT NOT NULL,
  machine     TEXT NOT NULL,        -- 'native', or a machine file's name
  machine_hash TEXT REFERENCES machine(hash), -- NULL natively
  image       TEXT REFERENCES image(hash),    -- NULL natively
  heap_bytes  INTEGER NOT NULL,     -- H
  control_bytes INTEGER NOT NULL,   -- control block, before H
  keep        TEXT NOT NULL,        -- ops: everything; series: all but `op`;
                                    -- summary: no rows but run and summary
  program_version TEXT NOT NULL,    -- fraglab's, when it ran
  state_digest TEXT NOT NULL,       -- of the window after the last operation
  status      TEXT NOT NULL CHECK (status IN ('complete','stopped','failed')),
  reason      TEXT NOT NULL,        -- '' when complete
  series_shift INTEGER NOT NULL,    -- a series bin is 2^series_shift ops
  stored_bytes INTEGER NOT NULL     -- pages that its rows took when written
);
CREATE INDEX run_trace ON run(trace);

CREATE TABLE op_kind (code INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO op_kind VALUES (1, 'alloc'), (2, 'free'), (3, 'realloc'),
  (4, 'collect'), (5, 'step'), (6, 'control'), (7, 'promote'), (8, 'intern'),
  (9, 'refused'),              -- the recording saw this request refused
  (10, 'store'), (12, 'touch'), (15, 'death'); -- events, in event_cost

CREATE TABLE outcome (code INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO outcome VALUES (0, 'granted'),
  (1, 'short'),                -- fewer bytes free than the request
  (2, 'fragmented'),           -- enough bytes free, no hole long enough
  (3, 'locked'),               -- the heap was locked
  (4, 'off'),                  -- a collection was not allowed
  (5, 'index'),                -- no handle left
  (6, 'limit');                -- larger than the manager can ever grant

CREATE TABLE op (              -- keep = ops: what asked something of a manager
  key         INTEGER PRIMARY KEY,
  kind        INTEGER NOT NULL, -- op_kind.code
  object      INTEGER,          -- the trace's id; NULL where there is none
  asked       INTEGER NOT NULL, -- bytes requested
  granted     INTEGER NOT NULL, -- bytes granted; 0: freed or refused
  address     INTEGER NOT NULL, -- on the target; 0: none
  live        INTEGER NOT NULL, -- after it: granted to live objects
  used        INTEGER NOT NULL, -- ... to all not yet reclaimed
  free        INTEGER NOT NULL, -- ... in holes
  largest_free INTEGER NOT NULL, -- longest hole
  largest_request INTEGER NOT NULL -- largest request that would succeed; beside
                                -- pinned objects what is sure to (the card),
                                -- but at refusals and probes
);

CREATE TABLE op_cost (         -- machine runs, keep = ops
  key         INTEGER PRIMARY KEY, -- of the operation
  cycles      INTEGER NOT NULL, -- all that the program waited
  gc_cycles   INTEGER NOT NULL, -- ... of them, spent collecting
  instructions INTEGER NOT NULL,
  loads       INTEGER NOT NULL, stores INTEGER NOT NULL, -- data accesses
  waits       INTEGER NOT NULL, -- wait states that they met, in cycles
  stack       INTEGER NOT NULL  -- deepest, in bytes
);

CREATE TABLE event_cost (      -- machine runs, keep = ops: what the program did
  key         INTEGER NOT NULL, -- of the operation before it
  part        INTEGER NOT NULL, -- 0, 1 ... behind that operation
  kind        INTEGER NOT NULL, -- op_kind.code: death, touch, store;
                                -- promote, collect: a policy's own
  object      INTEGER,          -- the trace's id
  cycles      INTEGER NOT NULL, gc_cycles INTEGER NOT NULL,
  instructions INTEGER NOT NULL, loads INTEGER NOT NULL,
  stores      INTEGER NOT NULL, waits INTEGER NOT NULL,
  stack       INTEGER NOT NULL,
  PRIMARY KEY (key, part)
) WITHOUT ROWID;

CREATE TABLE collection (
  key         INTEGER NOT NULL, -- of the operation in which it ran
  part        INTEGER NOT NULL, -- 0, 1 ... within that operation
  cause       TEXT NOT NULL,    -- full, threshold, asked, all; slide: only
                                -- moves, reclaims nothing
  rescans     INTEGER NOT NULL, -- passes after a mark-stack overflow
  given_back  INTEGER NOT NULL, -- areas
  live_objects INTEGER NOT NULL, live_bytes INTEGER NOT NULL, -- stayed
  reclaimed_objects INTEGER NOT NULL, reclaimed_bytes INTEGER NOT NULL,
  moved_objects INTEGER NOT NULL, moved_bytes INTEGER NOT NULL,
  pinned      INTEGER NOT NULL, -- live objects that might not move
  free_before INTEGER NOT NULL, largest_free_before INTEGER NOT NULL,
  free_after  INTEGER NOT NULL, largest_free_after INTEGER NOT NULL,
  clock       INTEGER,          -- cycles of all operations and events before
                                -- this operation; NULL natively
  cycles      INTEGER,          -- spent collecting; NULL natively
  mark        INTEGER,          -- ... of them by phase: from the roots,
  finalise    INTEGER,          -- finalisers' turns,
  sweep       INTEGER,          -- unmarked objects become free,
  plan        INTEGER,          -- new places,
  "update"    INTEGER,          -- references to new places,
  move        INTEGER,          -- objects move
  PRIMARY KEY (key, part)
) WITHOUT ROWID;

CREATE TABLE refusal (
  key         INTEGER PRIMARY KEY, -- of the refused operation
  outcome     INTEGER NOT NULL,    -- outcome.code: the cause
  recorded    INTEGER NOT NULL,    -- 1: the recording saw it refused, too
  object      INTEGER,             -- the trace's id, NULL: it gave none
  asked       INTEGER NOT NULL,
  free        INTEGER NOT NULL, largest_free INTEGER NOT NULL, -- after it
  holes       INTEGER NOT NULL,    -- number of holes
  frag_index  REAL NOT NULL        -- Linux's: 0 too little memory, 1 fragmented
);

CREATE TABLE series (          -- the source of every picture
  run         INTEGER NOT NULL REFERENCES run(number),
  metric      TEXT NOT NULL,    -- asked, live, used, free, largest_free, ...
  bin         INTEGER NOT NULL, -- holds ops bin<<shift + 1 .. (bin+1)<<shift
  min         INTEGER NOT NULL, mean REAL NOT NULL, -- over the bin's ops
  max         INTEGER NOT NULL, last INTEGER NOT NULL,
  PRIMARY KEY (run, metric, bin)
) WITHOUT ROWID;

CREATE TABLE histogram (
  run         INTEGER NOT NULL REFERENCES run(number),
  name        TEXT NOT NULL,    -- largest_request, asked, holes_at_worst, ...;
                                -- of machine runs cycles_alloc, cycles_free,
                                -- ... for each kind of table `cycles`
  lower       INTEGER NOT NULL, -- bucket: lower <= value <= upper
  upper       INTEGER NOT NULL,
  count       INTEGER NOT NULL,
  PRIMARY KEY (run, name, lower)
) WITHOUT ROWID;

CREATE TABLE heapmap (         -- the window at chosen moments
  run         INTEGER NOT NULL REFERENCES run(number),
  seq         INTEGER NOT NULL, -- after this operation
  reason      TEXT NOT NULL,    -- even: every 2^k ops, at most 256 of them;
                                -- first_refusal; worst: first op that left
                                -- min_largest_request; end: after all events
  base        INTEGER NOT NULL, -- address of unit 0
  unit_bytes  INTEGER NOT NULL,
  units       TEXT NOT NULL,    -- runs of length and letter: 3h12=5.
  PRIMARY KEY (run, seq, reason) -- h head = tail . free x garbage # tables,
                                -- : header of an object or a hole
) WITHOUT ROWID;

CREATE TABLE object (          -- at the moments of `heapmap` other than even;
  run         INTEGER NOT NULL REFERENCES run(number),
  seq         INTEGER NOT NULL, -- reason tells moments after one op apart
  reason      TEXT NOT NULL,
  id          INTEGER NOT NULL, -- the trace's; -1: of a copy left behind, or of a
                                -- refused request that was granted here
  address     INTEGER NOT NULL, asked INTEGER NOT NULL,
  granted     INTEGER NOT NULL,
  born_seq    INTEGER NOT NULL, -- operation that made it
  site        INTEGER NOT NULL,
  dead        INTEGER NOT NULL, -- 1: dead, not yet reclaimed
  held        INTEGER NOT NULL, -- 1: named by registers or stack
  PRIMARY KEY (run, seq, reason, address)
) WITHOUT ROWID;

CREATE TABLE edge (            -- references at those moments
  run         INTEGER NOT NULL REFERENCES run(number),
  seq         INTEGER NOT NULL, reason TEXT NOT NULL,
  from_id     INTEGER NOT NULL, -- object that holds the reference
  word        INTEGER NOT NULL, -- which word of it
  to_id       INTEGER NOT NULL, -- object that it names
  PRIMARY KEY (run, seq, reason, from_id, word)
) WITHOUT ROWID;

CREATE TABLE cycles (          -- machine runs: percentiles, by nearest rank
  run         INTEGER NOT NULL REFERENCES run(number),
  kind        TEXT NOT NULL,    -- alloc, alloc_net (without collections), free,
                                -- realloc, collect, step, deref, store
  count       INTEGER NOT NULL, total INTEGER NOT NULL,
  min INTEGER NOT NULL, p50 INTEGER NOT NULL, p90 INTEGER NOT NULL,
  p99 INTEGER NOT NULL, p999 INTEGER NOT NULL, max INTEGER NOT NULL,
  PRIMARY KEY (run, kind)
) WITHOUT ROWID;

CREATE TABLE machine_total (   -- machine runs: all operations and events
  run         INTEGER PRIMARY KEY REFERENCES run(number),
  cycles      INTEGER NOT NULL, gc_cycles INTEGER NOT NULL,
  instructions INTEGER NOT NULL, loads INTEGER NOT NULL,
  stores      INTEGER NOT NULL, waits INTEGER NOT NULL,
  unsettled   INTEGER NOT NULL, -- events whose price no document settles
  stack       INTEGER NOT NULL, -- deepest, in bytes
  nop         INTEGER NOT NULL  -- cycles of a call that does nothing
);

CREATE TABLE phase (           -- what the program was doing
  key         INTEGER NOT NULL, -- of the operation after which it says so
  part        INTEGER NOT NULL, -- 0, 1 ... after that operation
  begins      INTEGER NOT NULL, -- 1: begins, 0: ends
  name        TEXT NOT NULL,
  PRIMARY KEY (key, part)
) WITHOUT ROWID;

CREATE TABLE note (            -- remarks that the trace carries
  key         INTEGER NOT NULL, -- of the operation after which it stands
  part        INTEGER NOT NULL, -- 0, 1 ... after that operation
  text        TEXT NOT NULL,
  PRIMARY KEY (key, part)
) WITHOUT ROWID;

CREATE TABLE summary (         -- one row a run: what replay --json prints
  run         INTEGER PRIMARY KEY REFERENCES run(number),
  operations  INTEGER NOT NULL, events INTEGER NOT NULL,
  allocations INTEGER NOT NULL, frees INTEGER NOT NULL,
  reallocs    INTEGER NOT NULL, collections INTEGER NOT NULL,
  refused     INTEGER NOT NULL, refused_short INTEGER NOT NULL,
  refused_fragmented INTEGER NOT NULL, refused_other INTEGER NOT NULL,
  inplace_missed INTEGER NOT NULL,      -- growth in place that had to copy
  dropped     INTEGER NOT NULL,         -- ops on objects that never existed
  end_asked INTEGER NOT NULL, end_live INTEGER NOT NULL,
  end_used INTEGER NOT NULL, end_free INTEGER NOT NULL,
  end_largest_free INTEGER NOT NULL, end_largest_request INTEGER NOT NULL,
  min_largest_request INTEGER NOT NULL, -- at every moment
  p1_largest_request INTEGER NOT NULL,  -- at 99 % of the moments
  min_largest_free INTEGER NOT NULL,
  max_live    INTEGER NOT NULL, -- that undone at once included
  frag_mean REAL NOT NULL, frag_max REAL NOT NULL, frag_end REAL NOT NULL,
  moved_bytes INTEGER NOT NULL,
  max_held    INTEGER NOT NULL,         -- objects held at once
  floating    INTEGER NOT NULL,         -- dead, yet kept by a collection
  lone_blocks INTEGER NOT NULL,         -- live, given back with their area
  touches     INTEGER NOT NULL,         -- reads through the manager's deref
  strings     INTEGER NOT NULL,         -- interned strings, packed together,
  strings_asked INTEGER NOT NULL,       -- ... their bytes,
  strings_granted INTEGER NOT NULL,     -- ... those of the chunks they are in,
  strings_apart INTEGER NOT NULL,       -- ... and what an object each takes
  expect_blocks_met INTEGER, expect_blocks INTEGER, -- NULL: no recorded facts
  expect_checkpoints_met INTEGER, expect_checkpoints INTEGER,
  expect_tables_met INTEGER, expect_tables INTEGER,
  expect_collections_met INTEGER, expect_collections INTEGER,
  first_refusal_seq INTEGER,            -- NULL: nothing was refused
  worst_seq   INTEGER NOT NULL,         -- first op with min_largest_request
  guarantee_live INTEGER, -- bytes live at the request that came nearest to what
                          -- the manager grants surely, or furthest beyond it
  guarantee_sure INTEGER, -- ... bytes up to which it does; NULL: nothing is
  guarantee_seq INTEGER   -- ... the operation that requested
);

CREATE TABLE minheap (         -- smallest heaps in which nothing is refused
  number      INTEGER PRIMARY KEY,
  id          TEXT NOT NULL UNIQUE, -- hash of `spec`
  spec        TEXT NOT NULL,    -- canonical JSON: a native run's, heap_bytes 0
  trace       TEXT NOT NULL REFERENCES trace(hash),
  manager     TEXT NOT NULL,
  heap_bytes  INTEGER NOT NULL, -- to 16 bytes
  max_live    INTEGER NOT NULL, -- of the run in it
  monotone    INTEGER NOT NULL, -- 1: every larger heap tried served it
  refuses     INTEGER NOT NULL, -- the largest one that did not; 0: none
  replays     INTEGER NOT NULL  -- that it took to find out
);

CREATE TABLE point (           -- what sweeps did with the points of their grids
  study       TEXT NOT NULL,    -- the grid's name
  point       TEXT NOT NULL,    -- what the grid says of it: axis=value ...
  run         TEXT NOT NULL,    -- id of its run; '': it could not be played
  reason      TEXT NOT NULL,    -- why not; '' if it was
  PRIMARY KEY (study, point)
) WITHOUT ROWID;

CREATE VIEW ops AS             -- operations with their names
SELECT o.key >> 36 AS run, o.key & 0xfffffffff AS seq, k.name AS kind,
       o.object, o.asked, o.granted, printf('0x%08x', o.address) AS address,
       o.live, o.used, o.free, o.largest_free, o.largest_request,
       CASE WHEN o.free = 0 THEN 0.0
            ELSE 1.0 - 1.0 * o.largest_free / o.free END AS fragmentation
FROM op o JOIN op_kind k ON k.code = o.kind;

CREATE VIEW costs AS           -- what operations cost, with their names
SELECT o.key >> 36 AS run, o.key & 0xfffffffff AS seq, k.name AS kind,
       o.object, o.asked, c.cycles, c.gc_cycles, c.instructions, c.loads,
       c.stores, c.waits, c.stack
FROM op o JOIN op_cost c ON c.key = o.key JOIN op_kind k ON k.code = o.kind;

CREATE VIEW refusals AS
SELECT r.key >> 36 AS run, r.key & 0xfffffffff AS seq, c.name AS cause,
       r.recorded, r.object, r.asked, r.free, r.largest_free, r.holes,
       r.frag_index
FROM refusal r JOIN outcome c ON c.code = r.outcome;

CREATE VIEW collections AS
SELECT key >> 36 AS run, key & 0xfffffffff AS seq, part, cause, rescans,
       given_back, live_objects, live_bytes, reclaimed_objects,
       reclaimed_bytes, moved_objects, moved_bytes, pinned, free_before,
       largest_free_before, free_after, largest_free_after, clock, cycles,
       mark, finalise, sweep, plan, "update", move
FROM collection;

CREATE VIEW phases AS
SELECT key >> 36 AS run, key & 0xfffffffff AS seq, begins, name FROM phase;

CREATE VIEW notes AS
SELECT key >> 36 AS run, key & 0xfffffffff AS seq, text FROM note;

CREATE VIEW runs AS            -- a run, its trace and its summary in one row
SELECT r.number AS run, r.id, t.name AS trace, r.manager, r.machine,
       r.heap_bytes, r.control_bytes, r.status, r.reason, r.keep,
       s.operations, s.events, s.allocations, s.frees, s.reallocs,
       s.collections, s.refused, s.refused_short, s.refused_fragmented,
       s.refused_other, s.inplace_missed, s.dropped, s.end_asked, s.end_live,
       s.end_used, s.end_free, s.end_largest_free, s.end_largest_request,
       s.min_largest_request, s.p1_largest_request, s.min_largest_free,
       s.max_live, s.frag_mean, s.frag_max, s.frag_end, s.moved_bytes,
       s.max_held, s.floating, s.lone_blocks, s.touches, s.strings,
       s.strings_asked, s.strings_granted, s.strings_apart,
       s.expect_blocks_met, s.expect_blocks, s.expect_checkpoints_met, s.expect_checkpoints,
       s.expect_tables_met, s.expect_tables, s.expect_collections_met,
       s.expect_collections, s.first_refusal_seq, s.worst_seq,
       s.guarantee_live, s.guarantee_sure, s.guarantee_seq,
       r.state_digest, r.trace AS trace_hash, t.program, r.program_version,
       r.stored_bytes
FROM run r JOIN trace t ON t.hash = r.trace
           JOIN summary s ON s.run = r.number;

CREATE VIEW minheaps AS        -- minimum heaps beside what lived in them
SELECT m.number, t.name AS trace, m.manager, m.heap_bytes, m.max_live,
       1.0 * m.heap_bytes / m.max_live AS ratio, m.monotone, m.refuses,
       m.replays, m.spec
FROM minheap m JOIN trace t ON t.hash = m.trace;

CREATE VIEW points AS          -- points of sweeps, and the numbers of their runs
SELECT p.study, p.point, r.number AS run, r.status, CASE WHEN r.reason <> ''
       THEN r.reason ELSE p.reason END AS reason
FROM point p LEFT JOIN run r ON r.id = p.run;
