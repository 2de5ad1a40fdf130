# Everything a newcomer needs: `make run` and `make test`. Both set up an isolated environment in .venv first (PYTHON=… in one of its own).

PYTHON ?= python3
# A PYTHON that is named has an environment of its own: what it is asked to run never runs in that of another.
VENV := .venv$(if $(filter file,$(origin PYTHON)),,-$(shell "$(PYTHON)" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null))
BIN := $(VENV)/bin
READY := $(VENV)/.ready
RECORDING := recordings/nifty-synthetic.mqr
# What `quick` runs: the parts of the program, and what older ones have written. Processes, sockets and terminals are for `short`.
QUICK := $(addprefix tests/engine/,config journal model presentation recording runtime stream text trading venues) \
    $(addprefix tests/tui/,frame input panes text view) tests/golden tests/test_tree.py tests/test_documents.py

.PHONY: run test quick short thorough check format bench bench-serve bench-scraped bench-delivery bench-screen bench-frames bench-idle bench-orders bench-sweep sweep-same bench-lock bench-flat baseline gate gate-proof month crash crash-live day-live fuzz fuzz-http simulate simulator simulator-live soak soak-live soak-3m soak-8h pictures film man recording clean help

help: ## list the targets
	@grep -E '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: $(READY) ## run the program on the bundled recording
	@$(BIN)/myquant-tui

# Modules of tests are compiled once and kept: four workers would each do it for themselves.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest
# Four on two cores: many tests wait for processes most of the time.
SPREAD := -n 4 --dist loadfile --no-loadscope-reorder
# Processes and terminals share two cores with all other tests: what fails beside them is judged once more, alone.
ALONE := --last-failed --last-failed-no-failures none

test: $(READY) ## lint, types, walls, tests
	@$(PYTEST) --collect-only -qq >/dev/null & $(MAKE) --no-print-directory check && wait
	@$(PYTEST) $(SPREAD) || $(PYTEST) $(ALONE)

quick: $(READY) ## the fast tests, about a minute: those of parts, without cases that hypothesis makes up
	@$(PYTEST) $(SPREAD) -m "not slow and not hypothesis" $(QUICK)

short: $(READY) ## all tests but the slow ones
	@$(PYTEST) $(SPREAD) -m "not slow" || $(PYTEST) -m "not slow" $(ALONE)

thorough: $(READY) ## all tests, and of what they sample all there is (half an hour)
	@MYQUANT_LONG=1 $(PYTEST) $(SPREAD) --timeout 900

check: $(READY) ## ruff, mypy --strict, import-linter
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(READY) ## format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(READY) ## speed of the engine on this machine
	@$(BIN)/myquant-tui bench

bench-delivery: $(READY) ## from the wire to the decision, in the three deliveries, with and without a screen
	@$(BIN)/myquant-tui bench --delivery --screen

bench-serve: $(READY) ## the service under 50 connections for half a minute, beside an engine; REDIS_URL=… with Redis
	@$(BIN)/python -m tests.bench.serve

bench-scraped: $(READY) ## what it costs an engine to be watched by `serve` and a Prometheus, in pairs (some six minutes)
	@$(BIN)/python -m tests.bench.scraped

bench-screen: $(READY) ## memory, bytes, CPU, first frame, keys and delays of the screen (about two minutes)
	@$(BIN)/python -m tests.bench.screen

bench-frames: $(READY) ## processor time and bytes of a frame of the screen, part by part (about two minutes)
	@$(BIN)/python -m tests.bench.frames

bench-orders: $(READY) ## from the decision of an order to the wire, its rows durable before, beside what the disk takes for one row
	@$(BIN)/python -m tests.bench.order_edge

bench-lock: $(READY) ## from the key of a flat to the lock, while orders are under way at a simulated broker, by the engine's own stamps
	@$(BIN)/python -m tests.bench.live_lock

bench-report: $(READY) ## bytes, processor time and memory of reports, beside plotly and bokeh where they are installed
	@$(BIN)/python -m tests.bench.report
bench-sweep: $(READY) ## what a tick costs a set in a sweep, as share of what it costs the engine (some two minutes)
	@$(BIN)/python -m tests.bench.sweep

sweep-same: $(READY) ## the sweep against engine and oracle: some 2,800 random sets, all rules, both charge models and paper fills
	@MYQUANT_LONG=1 $(PYTEST) -n 2 tests/engine/backtest/sweep/test_same_as_engine.py

bench-idle: $(READY) ## wake-ups and processor time of an engine and a screen that have little to do (about a minute and a half)
	@$(BIN)/python -m tests.bench.idle

bench-flat: $(READY) ## a flat at a simulated broker as slow as a real one, forty times, and once with each fault (some thirteen minutes)
	@$(BIN)/python -m tests.bench.flat_at_broker
	@$(BIN)/python -m tests.bench.flat_at_broker --faults

baseline: $(READY) ## what a tick costs here and where that goes (some minutes); two files in ./baselines
	@$(BIN)/myquant-tui baseline --out baselines

gate: $(READY) ## does a tick cost more than in the revision before? (a minute at most)
	@$(BIN)/python -m tests.bench.gate

gate-proof: $(READY) ## the gate beside a busy core: 20 of 20 unchanged runs pass, a fifth more work fails (about half an hour)
	@$(BIN)/python -m tests.bench.gate_proof

pictures: $(READY) ## take the README's pictures again (needs tmux; that of a report a chromium)
	@$(BIN)/python -m tests.support.terminals.take_pictures tests/pictures
	@! command -v chromium >/dev/null || $(BIN)/python -m tests.support.take_report_picture tests/pictures

film: $(READY) ## take the README's moving picture again (about half a minute)
	@$(BIN)/python -m tests.support.terminals.take_film tests/pictures

crash: $(READY) ## kill -9 at 200 random moments of a replay, and of a paper account (some minutes)
	@$(BIN)/python -m tests.soak.crash_replay 200
	@$(BIN)/python -m tests.soak.crash_replay 200 --account
	@$(BIN)/python -m tests.soak.crash_engine 200 --stopped 3 10 20

crash-live: $(READY) ## kill -9 at 500 random moments of engines with orders at a simulated broker (half an hour)
	@$(BIN)/python -m tests.soak.crash_live 500

day-live: $(READY) ## the whole recorded day at a simulated broker over sockets: its trades are those of paper (four minutes)
	@MYQUANT_LONG=1 $(BIN)/python -m pytest -s tests/end_to_end/orders/test_recorded_day.py

fuzz: $(READY) ## ten million bad frames and messages (about two minutes)
	@$(BIN)/python -m tests.fuzz.wire 10000000

fuzz-http: $(READY) ## 5,000 requests to the service, made from its own description
	@$(BIN)/python -m tests.fuzz.http 5000

simulate: $(READY) ## 20,000 histories of live orders against a broker that misbehaves, 2,000 recorded ones, seventeen planted mistakes (an hour)
	@$(BIN)/python -m tests.simulation.seeds 1 20000
	@$(BIN)/python -m tests.simulation.recorded_histories 1 2000 2>/dev/null
	@$(BIN)/python -m tests.simulation.planted

simulator: $(READY) ## a simulated exchange on this machine, to try the program by hand; prints how
	@$(BIN)/python -m tests.simulator --explain --instruments 3 --per-token 2

simulator-live: $(READY) ## a simulated exchange that takes orders, to try real ones by hand (LIVE-SIM); prints how
	@$(BIN)/python -m tests.simulator --explain --orders --port 18765 --instruments 3 --per-token 2

soak: $(READY) ## eight hours within ten minutes, and whole days through the wire
	@$(BIN)/python -m tests.soak --compressed
	@MYQUANT_LONG=1 $(BIN)/python -m pytest -s tests/end_to_end/test_live_day.py tests/end_to_end/test_attach_rounds.py

month: $(READY) ## a month of each market on a virtual clock, a recording a day, each verified; kills over a year-old journal
	@$(BIN)/python -m tests.soak.month

soak-live: $(READY) ## six hours with orders at a simulated broker on a virtual clock: memory, recording, replay (two minutes)
	@$(BIN)/python -m tests.soak.live_hours

soak-3m: $(READY) ## three minutes of faults, for a nightly run
	@$(BIN)/python -m tests.soak --minutes 3

soak-8h: $(READY) ## eight hours of faults in real time
	@$(BIN)/python -m tests.soak --hours 8

man: $(READY) ## write the manual page anew
	@$(BIN)/myquant-tui man --print > engine/cli/myquant-tui.1

recording: $(READY) ## make the bundled recording again, byte for byte
	@$(BIN)/myquant-tui make-recording $(RECORDING) --force --config config.toml

$(READY): pyproject.toml constraints.txt setup.sh
	@PYTHON="$(PYTHON)" sh setup.sh "$(VENV)"

clean: ## remove the environment and caches
	rm -rf .venv .venv-* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
