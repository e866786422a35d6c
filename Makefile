# Everything begins with scripts/bootstrap, which needs Python 3 and nothing else; the rest is `clouddesk`.
PYTHON ?= python3
VENV = .venv/bin
MAKEFLAGS += --no-print-directory

# Packages come without bytecode here: where this is set, every process would compile thousands of modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help chat slack test chaos check eval bench model train-encoder up down status doctor env clean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' Makefile

chat: env ## from nothing to a conversation in the terminal
	@$(VENV)/python -m clouddesk up --chat

slack: env ## from nothing to a simulated Slack with a page to chat in
	@$(VENV)/python -m clouddesk up --detach
	@exec $(VENV)/python -m clouddesk slack-sim

test: env ## from nothing to a green test run; ARGS="-k words" for a part
	@$(VENV)/python -m clouddesk.local.model
	@exec $(VENV)/python -m pytest $(ARGS)

chaos: env ## random work while processes are killed, 300 runs; ARGS="--runs 12 --seed 7" for others
	@exec $(VENV)/python -m tests.chaos $(ARGS)

check: env ## static checks: format, lint, types, import rules, training data, Ansible roles
	@$(VENV)/ruff format --check .
	@$(VENV)/ruff check .
	@$(VENV)/mypy
	@$(VENV)/lint-imports
	@RASA_TELEMETRY_ENABLED=false $(VENV)/rasa data validate --domain domain.yml --data nlu
	@$(VENV)/python -m nlu.check
	@$(PYTHON) scripts/bootstrap ansible-lint
	@PATH=$(CURDIR)/.tools/ansible-lint/bin:$$PATH ANSIBLE_ROLES_PATH=blueprints/roles \
		ansible-lint --offline --profile production -q blueprints/playbooks blueprints/roles

eval: model ## how well sentences are understood: figures, and docs/understanding; ARGS="--authors" or "--train" for more
	@$(VENV)/python -m bench.understanding $(ARGS)

bench: model ## the figures, one JSON line each
	@$(VENV)/python -m bench

model: env ## train the model when its data changed
	@$(VENV)/python -m clouddesk.local.model

TRAINING_PYTHON ?= python3.11
TRAINING = .tools/encoder

train-encoder: ## fine-tune the sentence encoder anew (PyTorch in .tools/encoder, about twenty minutes)
	@[ -x $(TRAINING)/bin/python ] || $(TRAINING_PYTHON) -m venv $(TRAINING)
	@$(TRAINING)/bin/python -m pip install -q -r nlu/encoder/requirements.txt
	@nice $(TRAINING)/bin/python -W ignore -m nlu.encoder.train --work $(TRAINING)/checkpoints $(ARGS)

up: env ## start the stack and leave it running
	@$(VENV)/python -m clouddesk up --detach

down: ## stop the stack
	@if [ -x $(VENV)/python ]; then $(VENV)/python -m clouddesk down; else echo "Nothing is installed, so nothing runs."; fi

status: env ## the processes of the stack
	@$(VENV)/python -m clouddesk status

doctor: env ## what is missing or wrong on this machine
	@$(VENV)/python -m clouddesk doctor

env: ## uv, Python 3.10 and the pinned packages in .venv
	@$(PYTHON) scripts/bootstrap

clean: down ## remove what was made here, but not what is stored in .clouddesk
	@rm -rf .venv .tools models .rasa .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
