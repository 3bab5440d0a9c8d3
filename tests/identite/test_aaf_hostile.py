"""Un fichier AAF tronqué, hostile ou d'un autre format ne passe pas."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from ent_core.identite.aaf.fiche import CodeRejet
from ent_core.identite.aaf.flux import blocs
from ent_core.identite.aaf.lecture import Fiche, Rejet
from ent_core.socle.erreurs import FichierRefuse
from tests.identite.aaf_fichiers import (
    ajout,
    document,
    lecture,
    refus,
)


def test_un_fichier_tronque_n_importe_ou_est_refuse() -> None:
    contenu = document(ajout()).rstrip()
    for coupe in range(len(contenu)):
        refus(contenu[:coupe])


def test_un_gros_fichier_tronque_est_refuse_apres_ses_fiches_entieres() -> None:
    contenu = document(ajout() * 5000)
    suite = lecture(contenu[: len(contenu) * 3 // 4])
    assert isinstance(next(suite), Fiche)
    with pytest.raises(FichierRefuse, match="bien formé"):
        list(suite)


@pytest.mark.parametrize(
    "contenu",
    [
        "nom;prenom\nA;B\n",
        "<BEE_ELEVES/>",
        "<html><body/></html>",
        "\x00\x01",
        "{}",
        "<x:ficAlimMENESR xmlns:x='u'/>",
    ],
)
def test_ce_qui_n_est_pas_de_l_aaf_est_refuse(contenu: str) -> None:
    refus(contenu)


def test_la_racine_trouvee_et_la_racine_attendue_sont_dites() -> None:
    message = refus("<BEE_ELEVES><ELEVE/></BEE_ELEVES>")
    assert "BEE_ELEVES" in message
    assert "<ficAlimMENESR>" in message


def test_un_xml_mal_forme_est_refuse_avec_sa_ligne_et_sans_son_contenu() -> None:
    message = refus(document(ajout('<attr name="sn"><value>A <DUPONT></value></attr>')))
    assert "ligne 7" in message
    assert "DUPONT" not in message


@pytest.mark.parametrize(
    "declarations",
    [
        '<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">',
        '<!ENTITY c SYSTEM "file:///etc/passwd">',
        '<!ENTITY c SYSTEM "http://127.0.0.1:9/x">',
        '<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;',
        '<!ENTITY % p "x">',
    ],
)
@pytest.mark.parametrize("emploi", ["&c;", "rien"])
def test_toute_declaration_d_entite_est_refusee(declarations: str, emploi: str) -> None:
    contenu = document(ajout(f'<attr name="sn"><value>{emploi}</value></attr>'))
    contenu = contenu.replace('"ficAlimMENESR.dtd">', f'"ficAlimMENESR.dtd" [{declarations}]>')
    assert "déclare des entités" in refus(contenu)


def test_une_entite_de_parametre_externe_n_est_jamais_ouverte(tmp_path: Path) -> None:
    externe = tmp_path / "pirate.ent"
    externe.write_text("ceci n'est pas une DTD et ferait échouer l'analyse <<<")
    contenu = document(ajout()).replace(
        '"ficAlimMENESR.dtd">', f'"ficAlimMENESR.dtd" [<!ENTITY % p SYSTEM "{externe.as_uri()}"> %p;]>'
    )
    assert "déclare des entités" in refus(contenu)


def test_la_dtd_de_la_livraison_n_est_pas_lue(tmp_path: Path) -> None:
    dtd = tmp_path / "ficAlimMENESR.dtd"
    dtd.write_text('<!ENTITY pirate "lu"> <<<')
    contenu = document(ajout('<attr name="sn"><value>&pirate;</value></attr>'))
    (rejet,) = lecture(contenu.replace('SYSTEM "ficAlimMENESR.dtd"', f'SYSTEM "{dtd.as_uri()}"'))
    assert isinstance(rejet, Rejet)
    assert rejet.code is CodeRejet.ENTITE_INCONNUE


def test_un_texte_un_emboitement_ou_une_fiche_demesures_sont_refuses() -> None:
    enorme = 5 * 1024 * 1024
    assert "Mio" in refus(document(ajout(f'<attr name="sn"><value>{"x" * enorme}</value></attr>')))
    assert "Mio" in refus(document(ajout('<attr name="sn"><value>x</value></attr>' * (enorme // 40))))
    assert "Mio" in refus(document("<!--" + " " * enorme + "-->"))
    assert "sûreté" in refus(document("<a>" * 3000 + "</a>" * 3000))


def test_la_memoire_ne_croit_pas_avec_le_nombre_de_fiches(tmp_path: Path) -> None:
    # Dans un autre processus : la mémoire de libxml2 échappe aux mesures de Python.
    programme = (
        "import re, sys; from pathlib import Path; from ent_core.identite.aaf.lecture import lire\n"
        "with open(sys.argv[1], 'rb') as f: sum(1 for _ in lire(f, nom='f'))\n"
        "print(re.search('VmHWM:(.*)kB', Path('/proc/self/status').read_text())[1])"
    )
    maxima = []
    for fiches in (4_000, 40_000):
        fichier = tmp_path / f"{fiches}.xml"
        fichier.write_text(document(ajout() * fiches))
        sortie = subprocess.check_output([sys.executable, "-c", programme, fichier])  # noqa: S603 — le nôtre
        maxima.append(int(sortie))
    assert maxima[1] - maxima[0] < 4 * 1024  # Kio


def test_l_avancement_va_jusqu_au_bout_du_fichier() -> None:
    contenu = document(ajout() * 3)
    suite = lecture(contenu)
    assert suite.octets_lus == 0
    assert len(list(suite)) == 3
    assert suite.octets_lus == len(contenu.encode())


def test_les_blocs_recommencent_au_debut_et_sans_marque_d_ordre() -> None:
    fichier = io.BytesIO(b"\xef\xbb\xbfabc")
    fichier.read()
    assert b"".join(blocs(fichier)) == b"abc"
