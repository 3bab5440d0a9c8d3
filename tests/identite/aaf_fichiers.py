"""De quoi écrire un petit fichier AAF et le lire, pour les essais."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from ent_core.identite.aaf.lecture import Fiche, Lecture, lire
from ent_core.socle.erreurs import FichierRefuse

CORPUS = Path(__file__).parents[3] / "shared" / "formats" / "aaf"
NOM = "ENT_Complet_20260907_Eleve_0000.xml"
OPERATIONNEL = (
    '<operationalAttributes><attr name="categoriePersonne"><value>Eleve</value></attr>'
    "</operationalAttributes>"
)


def ajout(
    attributs: str = '<attr name="sn"><value>X</value></attr>',
    *,
    tete: str = OPERATIONNEL,
    identifiant: str = "<identifier><id>600001</id></identifier>",
) -> str:
    return f"<addRequest>\n{tete}\n{identifiant}\n<attributes>{attributs}</attributes>\n</addRequest>\n"


def document(*fiches: str, declaration: str = '<?xml version="1.0" encoding="UTF-8"?>') -> str:
    doctype = '<!DOCTYPE ficAlimMENESR SYSTEM "ficAlimMENESR.dtd">'
    return f"{declaration}\n{doctype}\n<ficAlimMENESR>\n{''.join(fiches)}</ficAlimMENESR>\n"


def lecture(contenu: str | bytes, utiles: frozenset[str] | None = None) -> Lecture:
    octets = contenu.encode() if isinstance(contenu, str) else contenu
    return lire(io.BytesIO(octets), nom=NOM, attributs_utiles=utiles)


def seule_fiche(contenu: str | bytes, utiles: frozenset[str] | None = None) -> Fiche:
    (fiche,) = lecture(contenu, utiles)
    assert isinstance(fiche, Fiche)
    return fiche


def refus(contenu: str | bytes) -> str:
    with pytest.raises(FichierRefuse) as vu:
        list(lecture(contenu))
    assert vu.value.remede
    assert NOM in vu.value.lieu
    return str(vu.value)
