# fraglab: see README.md. `make help` lists the targets.
