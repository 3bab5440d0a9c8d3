"""Les actes par l'API : la procédure entière, le papier, l'import, les réglages ; et pour qui."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID
from zipfile import ZipFile

import pytest
from ent_core.essais.annuaire import ECOLE
from ent_core.essais.instance import InstanceEssai

from ent_carnet.services import motifs


def api(ecole: InstanceEssai, role: str, methode: str, adresse: str, statut: int, **corps: Any) -> Any:  # noqa: ANN401 - du JSON, ou un document
    reponse = ecole.client(role).open(
        f"/api/v1/carnet/{adresse}", method=methode, json=None if methode == "GET" else corps
    )
    assert reponse.status_code == statut, reponse.text
    return reponse.get_json(silent=True) or reponse.data


@pytest.mark.exigence("DISC-04")
@pytest.mark.exigence("DISC-28")
def test_une_procedure_entiere_se_conduit_par_l_api_et_la_famille_la_lit_a_son_heure(
    ecole: InstanceEssai,
) -> None:
    eleve = str(ecole.annuaire["eleve"])
    demande = api(
        ecole, "enseignant", "POST", "demandes", 201, eleve=eleve, motif="violence_verbale",
        faits="FAITS DITS", personnel_vise=True,
    )["id"]  # fmt: skip
    (lue,) = [d for d in api(ecole, "cpe", "GET", "demandes", 200) if d["id"] == demande]
    assert (lue["obligation"], lue["suite"]) == ("engager", "attente")
    ouverte = api(
        ecole, "cpe", "POST", "sanctions", 201, eleve=eleve, motif="insolence", faits="FAITS DITS",
        faits_le="2026-11-26", demande=demande,
    )["id"]  # fmt: skip
    assert ouverte not in {p["id"] for p in _procedures(ecole)}, "ouverte, elle n'est pas encore dite"
    for etape in ("notification_eleve", "notification_responsables"):
        dossier = api(
            ecole, "cpe", "POST", f"sanctions/{ouverte}/etapes", 200, etape=etape, le="2026-11-27",
            voie="main_propre",
        )  # fmt: skip
    assert dossier["defense_jusqu_au"] == "2026-11-30", "deux jours ouvrables : le samedi en est un"
    decision = {"le": "2026-12-02", "motivation": "Faits établis.", "sanction": 1}
    api(ecole, "cpe", "POST", f"sanctions/{ouverte}/prononce", 403, **decision)
    api(ecole, "direction", "POST", f"sanctions/{ouverte}/prononce", 422, **decision)  # le délai court
    ecole.horloge.avancer(timedelta(days=5))
    api(ecole, "direction", "POST", f"sanctions/{ouverte}/prononce", 200, **decision)
    (prononcee,) = [p for p in _procedures(ecole) if p["id"] == ouverte]
    assert "sanction" not in prononcee, "la famille ne l'apprend que notifiée"
    assert "motivation" not in prononcee
    notifiee = {"le": "2026-12-02", "voie": "recommande"}
    api(ecole, "cpe", "POST", f"sanctions/{ouverte}/notification", 200, **notifiee)
    (sienne,) = [p for p in _procedures(ecole) if p["id"] == ouverte]
    assert (sienne["sanction"], sienne["motivation"]) == (1, "Faits établis.")
    executee = api(ecole, "cpe", "POST", f"sanctions/{ouverte}/execution", 200)
    assert executee["etat"] == "executee"
    assert api(ecole, "enseignant", "GET", f"sanctions/{ouverte}", 200)["sanction"] == 1
    api(ecole, "enseignant", "GET", f"sanctions/{ouverte}/dossier", 403)
    assert b"%PDF" in api(ecole, "direction", "POST", f"papier/sanctions/{ouverte}", 200)
    api(ecole, "direction", "POST", f"sanctions/{ouverte}/effacement", 422)
    api(ecole, "direction", "POST", f"sanctions/{ouverte}/effacement", 204, confirmer=True)
    api(ecole, "direction", "GET", f"sanctions/{ouverte}/dossier", 404)


def _procedures(ecole: InstanceEssai) -> list[dict[str, Any]]:
    adresse = f"eleves/{ecole.annuaire['eleve']}/discipline"
    return list(api(ecole, "parent", "GET", adresse, 200)["procedures"])


@pytest.mark.exigence("CARNET-05")
def test_le_papier_s_imprime_par_l_api_et_rien_ne_s_imprime_par_megarde(ecole: InstanceEssai) -> None:
    demande = {"jour": "2026-11-27", "division": str(ecole.annuaire.divisions[ECOLE])}
    assert b"%PDF" in api(ecole, "cpe", "POST", "papier/appel", 200, **demande)
    archive = ZipFile(BytesIO(api(ecole, "direction", "POST", "papier/panne", 200, jour="2026-11-27")))
    assert "ouvrir_moi.html" in archive.namelist()
    assert b"%PDF" in api(ecole, "cpe", "POST", "papier/presentation", 200, division=demande["division"])
    for quoi in ("appel", "semaine", "panne", "presentation"):
        api(ecole, "cpe", "POST", f"papier/{quoi}", 422)
        for role in ("enseignant", "assistant", "parent"):
            api(ecole, role, "POST", f"papier/{quoi}", 403, **demande)
    rien = api(ecole, "cpe", "POST", "papier/appel", 404, jour="2026-11-27", division=str(UUID(int=1)))
    assert "imprimer" in str(rien)


def test_un_import_et_un_reglage_se_relisent_avant_d_ecrire(ecole: InstanceEssai) -> None:
    texte = "classe;nom;prenom;debut;fin\n5A;Inconnue;Zoé;2026-11-26 08:00;2026-11-26 12:00\n"
    apercu = api(ecole, "cpe", "POST", "absences/imports", 200, texte=texte)
    assert (apercu["lot"], apercu["pretes"], [e["rang"] for e in apercu["erreurs"]]) == (None, 0, [2])
    api(ecole, "assistant", "POST", "absences/imports", 403, texte=texte)
    api(ecole, "cpe", "DELETE", f"absences/imports/{UUID(int=1)}", 404)
    reglages = api(ecole, "direction", "GET", "reglages", 200)
    assert api(ecole, "direction", "PUT", "reglages", 200, **reglages) == reglages
    api(ecole, "cpe", "GET", "reglages", 403)
    with ecole.base.ecole(ECOLE, "essai : motif") as session:
        motif = motifs.obtenir(session, ECOLE, "convenance").id
    change = {"indicateur": "recevable", "valeur": True, "effet_le": "2026-11-02"}
    effet = api(ecole, "direction", "POST", f"absences/motifs/{motif}", 200, **change)
    assert effet["changent_d_etat"] == 0
    with ecole.base.ecole(ECOLE, "essai : motif") as session:
        assert not motifs.par_id(session, ECOLE, motif).recevable, "sans confirmer, rien ne change"
    trouves = api(ecole, "cpe", "GET", "tableau/recherche?q=camille", 200)
    assert {t["eleve"]["prenom"] for t in trouves} == {"Camille"}
    ensemble = api(ecole, "direction", "GET", "tableau/ensemble", 200)
    assert set(ensemble) == {
        "appels_attendus", "appels_manquants", "absents", "a_joindre", "motifs_a_decider", "sans_motif",
        "par_division",
    }, "des élèves et des séances, aucun agent"  # fmt: skip
