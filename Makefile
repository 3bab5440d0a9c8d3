# Il ne faut que python3 (3.11 ou plus) et make : le reste s'installe ici, dans .outils/ et .venv/.
# Chaque cible fait tout ce qu'il lui faut ; un témoin (.outils/.pret, .venv/.pret-*) évite de le refaire.

SHELL := /bin/sh
.SHELLFLAGS := -euc
.DELETE_ON_ERROR:
.DEFAULT_GOAL := aide

# Une image de conteneur défend souvent d'écrire le code compilé : chacun des processus que lancent les essais
# retraduirait alors toutes ses bibliothèques.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
UV := .outils/bin/uv
BIN := .venv/bin

# Les membres de l'espace de travail : ceux qui ont un pyproject.toml.
BRIQUES := $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml schema_directeur/pyproject.toml))
PROJETS := pyproject.toml $(BRIQUES:%=%/pyproject.toml)

.PHONY: aide demo dev test epreuves bench verifier types paquets style collecte docs verrou nettoyer

aide: ## montre cette liste
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 12

demo: .venv/.pret-demo ## lance une académie de démonstration et donne son adresse
	$(BIN)/ent demo

dev: .venv/.pret-dev ## installe de quoi écrire et essayer une brique

# Le navigateur garde une boucle asyncio ouverte dans son processus : ses essais ont le leur, et leurs fichiers
# se reconnaissent à leur nom, pour ne pas relire tous les autres.
NAVIGATEUR := $(wildcard tests/navigateur tests/*/test_*navigateur.py plugins/*/tests/test_*navigateur.py \
	plugins/*/tests/*/test_*navigateur.py)

test: .venv/.pret-dev ## vérifie le code, puis lance les essais
	$(MAKE) --no-print-directory -j2 types paquets style collecte
	$(BIN)/pytest -n logical --dist worksteal -m "not navigateur and not long"
	$(BIN)/pytest -n logical --dist worksteal -m "navigateur and not long" $(NAVIGATEUR)

epreuves: .venv/.pret-dev ## lance les essais longs : tutoriel, brique neuve, fautes, grandes listes
	outils/installer_paquets.sh epreuves
	$(BIN)/pytest -n logical --dist worksteal -m "long and not navigateur"
	$(BIN)/pytest -n logical --dist worksteal -m "long and navigateur" $(NAVIGATEUR)

bench: .venv/.pret-dev ## mesure les performances, à côté de leurs étalons nus
	$(BIN)/python -m bench

verifier: types style ## style, types, couches

style: .venv/.pret-dev
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache

# Les essais sont lus une fois avant d'être répartis : chaque processus les trouve traduits.
collecte: .venv/.pret-dev
	$(BIN)/pytest --collect-only -q >.outils/collecte.txt || { cat .outils/collecte.txt; exit 1; }

paquets:
	outils/installer_paquets.sh

types: .venv/.pret-dev
	$(BIN)/mypy
	for brique in $(BRIQUES); do MYPYPATH=$$brique $(BIN)/mypy $$brique; done
	MYPYPATH=tests/briques/temoin $(BIN)/mypy $$(find tests/briques/temoin/ent_temoin -name '*.py')

docs: .venv/.pret-dev ## refait les références générées
	$(BIN)/ent docs generer

# « demo » et « production » sont contraints par « dev » : une seule version de chaque bibliothèque.
COMPILER := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-emit-index-url --no-emit-package ent-core $(foreach b,$(notdir $(BRIQUES)),--no-emit-package ent-$(subst _,-,$(b))) \
	--custom-compile-command "make verrou"

verrou: .outils/.pret ## refait les listes verrouillées de requirements/ (versions et empreintes)
	$(UV) pip compile --quiet --universal --upgrade --generate-hashes --no-annotate --no-emit-index-url \
		--custom-compile-command "make verrou" requirements/outils.in -o requirements/outils.txt
	$(COMPILER) --upgrade $(PROJETS) --all-extras --group dev -o requirements/dev.txt
	$(COMPILER) --constraints requirements/dev.txt $(PROJETS) --extra embarque --group construction \
		-o requirements/demo.txt
	$(COMPILER) --constraints requirements/dev.txt $(PROJETS) -o requirements/production.txt

nettoyer: ## efface ce que ces cibles ont fabriqué, et la base de démonstration
	if [ -x $(BIN)/python ] && [ -d .ent/base ]; then \
		$(BIN)/python -c 'from pathlib import Path; from ent_core.donnees.embarque import effacer; \
			effacer(Path(".ent/base"))'; \
	fi
	rm -rf .ent .venv .outils .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- Mise en place -----------------------------------------------------------------------------

.outils/.pret: requirements/outils.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Il faut Python 3.11 ou plus. Que faire : l'installer, ou make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "Python n'a pas le module venv. Que faire : apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .outils
	.outils/bin/python -m pip install --quiet --require-hashes -r requirements/outils.txt
	touch $@

.venv/bin/python: | .outils/.pret
	$(UV) venv --quiet --allow-existing --python .outils/bin/python .venv

# Les paquets de l'espace de travail s'installent en place, avec l'outil de construction verrouillé.
EDITABLES := -e . $(BRIQUES:%=-e %)

.venv/.pret-demo: requirements/demo.txt $(PROJETS) | .venv/bin/python
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/demo.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation $(EDITABLES)
	touch $@

.venv/.pret-dev: requirements/dev.txt $(PROJETS) | .venv/bin/python
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation $(EDITABLES)
	touch $@ .venv/.pret-demo
