"""Le contrat voit les fautes : une brique abîmée de douze façons échoue exactement là où il faut."""

from __future__ import annotations

import re

import pytest

from .atelier import RACINE, Atelier

N_PLUS_UN = """    mots = session.scalars(
        select(Mot).where(Mot.fin > jour, Mot.retire_le.is_(None)).order_by(Mot.id.desc()).limit(limite)
    )
    return [_montrer(mot) for mot in mots]
"""

FAUTES = [
    # fichier, ce qui s'y trouve, ce qu'on en fait
    ("ent_mots/brique.py", 'point="mots.accueil"', 'point="mots.acceuil"'),
    ("ent_mots/services.py", N_PLUS_UN, N_PLUS_UN.replace("(mot)", "(_relire(session, mot))")),
    ("ent_mots/services.py", "def _trouver(", "def _relire(session: Session, mot: Mot) -> Mot:\n"
     "    session.expire(mot)\n    mot.texte\n    return mot\n\n\ndef _trouver("),
    ("ent_mots/services.py", "def _relire(", "def _par_auteur(mots: list[Mot]) -> object:\n"
     "    return Counter(mot.auteur_id for mot in mots)\n\n\ndef _relire("),
    ("ent_mots/brique.py", "@implante\ndef ent_manifeste", "@implante\ndef ent_repondre(session: object,"
     " contexte: object, demande: object) -> None:\n    return None\n\n\n@implante\ndef ent_manifeste"),
    ("ent_mots/vues.py", "from ent_mots import services", "from ent_core.web.requete import requete\n"
     "from ent_mots import services"),
    ("ent_mots/vues.py", "@exige(ECRIRE)\ndef retirer", '@public("oubli")\ndef retirer'),
    ("ent_mots/vues.py", "    exige,\n", "    exige,\n    public,\n"),
    ("ent_mots/templates/mots/accueil.html", '<ul class="lignes">', '<ul style="color: red">'),
    ("ent_mots/migrations/versions/mots_0001_mots.py", "    op.drop_table(TABLE)", "    pass"),
    ("tests/test_contrat.py", ', texte="Exercice d\'évacuation"', ', texte="x"'),
    ("tests/test_contrat.py", "auteur_id=annuaire[\"direction\"]", "auteur_id=None"),
    ("CHANGELOG.md", None, None),
]  # fmt: skip

ATTENDUS = {
    "test_ce_qu_une_autre_brique_obtient_reste_a_ses_destinataires",
    "test_chaque_donnee_personnelle_a_son_exemple",
    "test_la_brique_se_presente_et_dit_ce_qui_change",
    "test_le_menu_et_les_vignettes_menent_a_des_pages_permises",
    "test_le_nombre_d_enonces_ne_croit_pas_avec_les_donnees",
    "test_les_migrations_vont_et_reviennent",
    "test_les_sources_suivent_les_regles",
    "test_rien_ne_compte_les_actes_d_un_agent",
}


@pytest.mark.long
def test_le_contrat_voit_chaque_faute(atelier: Atelier) -> None:
    racine = atelier.generer("mots")
    for fichier, trouve, remplace in FAUTES:
        chemin = racine / fichier
        if trouve is None or remplace is None:
            chemin.unlink()
            continue
        texte = chemin.read_text("utf-8")
        assert trouve in texte, f"{fichier} : {trouve}"
        chemin.write_text(texte.replace(trouve, remplace), "utf-8")
    fini = atelier.python(
        racine, "pytest", "-q", "--tb=no", "-p", "no:cacheprovider", "tests/test_contrat.py"
    )
    echecs = set(re.findall(r"FAILED \S+::(test_\w+)", fini.stdout))
    assert echecs == ATTENDUS, fini.stdout[-3000:]


def test_chaque_brique_livree_tient_le_contrat() -> None:
    """Ses essais tournent avec les autres (``testpaths``) ; ici, qu'aucune n'ait oublié le contrat."""
    herite = re.compile(r"^class Test\w*\(ContratBrique\):", re.MULTILINE)
    oublieuses = [
        racine.name
        for racine in sorted(RACINE.glob("plugins/*/"))
        if not any(herite.search(f.read_text("utf-8")) for f in racine.glob("tests/**/test_*.py"))
    ]
    assert oublieuses == [], "à faire hériter de ent_core.essais.contrat.ContratBrique"
