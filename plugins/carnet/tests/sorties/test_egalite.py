"""Ce que le papier imprime est ce que l'écran montre, à la même heure, pour des semaines tirées au sort."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from io import BytesIO
from itertools import groupby
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from ent_core.brique import FUSEAU, jour_long
from ent_core.essais.annuaire import ANNEE, ECOLE
from ent_core.essais.instance import InstanceEssai
from pypdf import PdfReader
from sqlalchemy.orm import Session

from ent_carnet.modeles import (
    Absence,
    Appel,
    Etape,
    Fait,
    Justification,
    ObservationEleve,
    Punition,
    Retenue,
    SanctionEleve,
)
from ent_carnet.services import motifs
from ent_carnet.services.lignes import lignes_du_carnet

from .conftest import VENDREDI

ICI = {"uai": ECOLE, "annee": ANNEE}
SEMAINES = [date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16), date(2026, 11, 23)]
CACHE = "JAMAIS MONTRÉ"


def semer(session: Session, eleve: UUID, division: UUID, lundi: date, hasard: Random) -> None:
    """Une semaine de faits : traités ou non, corrigés, annulés, encore en correction, effacés."""
    sien: dict[str, Any] = {**ICI, "eleve_id": eleve}
    connus = [m for m in motifs.lister(session, ECOLE) if m.genre == "absence"]

    def instant(au_plus: int = 4) -> datetime:
        jour = lundi + timedelta(days=hasard.randint(0, au_plus))
        return datetime.combine(jour, time(hasard.randint(8, 15)), FUSEAU)

    def parfois(valeur: Any, chances: float = 0.3) -> Any:  # noqa: ANN401 - n'importe quelle valeur
        return valeur if hasard.random() < chances else None

    for _ in range(3):
        debut = instant()
        fin = debut + timedelta(hours=hasard.randint(1, 3))
        etat = hasard.choice(["sans_motif", "motif_donne", "reglee"])
        motif = hasard.choice(connus).id
        session.add(
            Absence(
                **sien, debut=debut, fin=fin, genre=hasard.choice(["absence", "retard"]), traitee_le=debut,
                etat=etat, motif_id=None if etat == "sans_motif" else motif, annulee_le=parfois(fin),
            )
        )  # fmt: skip
        if hasard.random() < 0.4:
            session.add(Justification(**sien, debut=debut, fin=fin, motif_id=motif, recue_le=debut.date()))
        debut = instant()
        appel = Appel(
            **ICI, seance_id=uuid4(), debut=debut, fin=debut + timedelta(minutes=55), division_id=division,
            matiere="X", fait_le=debut,
        )  # fmt: skip
        session.add(appel)
        session.flush()
        nature = hasard.choice(["absent", "retard", "depart", "exclu_accueilli"])
        session.add(
            Fait(
                **sien, appel_id=appel.id, debut=debut, fin=appel.fin, saisi_le=debut, nature=nature,
                minutes=parfois(7) if nature == "retard" else None, retire_le=parfois(debut),
            )
        )  # fmt: skip
        debut = instant()
        session.add(
            ObservationEleve(
                **sien, code=hasard.choice(["entraide", "distraction"]), jour=debut.date(),
                seance_id=uuid4(), retiree_le=parfois(debut),
            )
        )  # fmt: skip
        faits = instant(3)
        punition = Punition(
            **sien, nature=hasard.choice(["mention", "devoir", "retenue"]), motif="bavardage",
            jour=faits.date(), travail=f"Exercice {hasard.randint(1, 99)} *a* #b", circonstances=CACHE,
            annulee_le=parfois(faits),
            donnee_le=hasard.choice([faits, VENDREDI - timedelta(minutes=hasard.randint(1, 119))]),
        )  # fmt: skip
        session.add(punition)
        session.flush()
        if punition.nature == "retenue":
            for rang, etat in enumerate(hasard.choice([["prevue"], ["reportee", "prevue"], ["levee"]])):
                session.add(
                    Retenue(
                        **ICI, punition_id=punition.id, debut=faits + timedelta(days=1, hours=rang),
                        fin=faits + timedelta(days=1, hours=rang + 1), lieu="Salle 3", etat=etat,
                    )
                )  # fmt: skip
    notifiee = instant().date()
    sanction = SanctionEleve(
        **sien, etat=hasard.choice(["prononcee", "notifiee", "executee"]), motif="degradation", faits=CACHE,
        faits_le=date(2026, 10, 1), sanction=hasard.choice([1, 2]), prononcee_le=date(2026, 10, 2),
        motivation=CACHE, efface_le=hasard.choice([date(2028, 8, 1), VENDREDI.date()]),
    )  # fmt: skip
    session.add(sanction)
    session.flush()
    session.add(Etape(uai=ECOLE, sanction_id=sanction.id, nature="notification_decision", le=notifiee))


def plat(dit: str) -> str:
    return re.sub(r"\s+", "", dit).replace("’", "'")


def a_l_ecran(ecole: InstanceEssai) -> list[dict[str, Any]]:
    """Les lignes que la page montre, de la plus ancienne à la plus récente."""
    eleve = ecole.annuaire["eleve"]
    client = ecole.client("parent")
    lignes = client.get(f"/api/v1/carnet/eleves/{eleve}/lignes?tout=1").get_json()[::-1]
    page = client.get(f"/carnet/famille/{eleve}?tout=1").text
    assert page.count('class="famille-ligne"') == len(lignes)
    for ligne in lignes:
        assert plat(ligne["detail"]) in plat(page.replace("&#39;", "'"))
    assert CACHE not in page
    return list(lignes)


def sur_papier(ecole: InstanceEssai, lundi: date) -> list[str]:
    """Ce que disent les feuilles d'une semaine, une par foyer, entre l'en-tête et la réponse."""
    reponse = ecole.client("cpe").post(
        "/api/v1/carnet/papier/semaine",
        json={"jour": lundi.isoformat(), "division": str(ecole.annuaire.divisions[ECOLE]), "tous": True},
    )
    assert reponse.status_code == 200, reponse.text
    pages = (plat(page.extract_text()) for page in PdfReader(BytesIO(reponse.data)).pages)
    entier = "".join(re.sub(r"CamilleEssaiEleve,5eA—Semainedu\w+page\d+$", "", page) for page in pages)
    assert plat(CACHE) not in entier
    debut = ecole.horloge.maintenant().astimezone(FUSEAU)
    corps = entier.split(plat(f"Feuille établie le {debut:%d/%m/%Y}."))[1:]
    return [feuille.partition(plat("Votre réponse"))[0] for feuille in corps]


def attendu(lignes: list[dict[str, Any]], lundi: date) -> str:
    """La feuille d'une semaine, écrite d'après l'écran."""
    dimanche = lundi + timedelta(days=6)
    siennes = [li for li in lignes if lundi.isoformat() <= li["jour"] <= dimanche.isoformat()]
    dit = ""
    for jour, lot in groupby(siennes, key=lambda ligne: str(ligne["jour"])):
        dit += jour_long(date.fromisoformat(jour)).capitalize()
        for ligne in lot:
            dit += f"{ligne['libelle']} : {ligne['detail']}"
            dit += "Motif envoyé, en attente." if ligne["attente"] else ""
            dit += f"→ À faire : {ligne['a_faire']}" if ligne["a_faire"] else ""
    return plat(dit)


@pytest.mark.exigence("CARNET-05")
@pytest.mark.exigence("CARNET-18")
@pytest.mark.exigence("FAM-09")
def test_le_papier_imprime_ce_que_montre_l_ecran_a_la_meme_heure(ecole: InstanceEssai) -> None:
    eleve, hasard = ecole.annuaire["eleve"], Random(2026)  # noqa: S311 - des faits d'essai, non un secret
    with ecole.base.ecole(ECOLE, "essai : semaines") as session:
        for lundi in SEMAINES:
            semer(session, eleve, ecole.annuaire.divisions[ECOLE], lundi, hasard)
    avant = a_l_ecran(ecole)
    for lundi in SEMAINES:
        assert sur_papier(ecole, lundi) == [attendu(avant, lundi)] * 2, f"semaine du {lundi}"
    # Le délai de correction passe : l'écran et le papier montrent alors les mêmes punitions de plus.
    ecole.horloge.avancer(timedelta(hours=2))
    apres = a_l_ecran(ecole)
    assert len(apres) > len(avant)
    assert sur_papier(ecole, SEMAINES[-1]) == [attendu(apres, SEMAINES[-1])] * 2


@pytest.mark.exigence("DISC-22")
def test_ce_qui_est_efface_aujourd_hui_ne_se_lit_plus_meme_d_une_semaine_passee(ecole: InstanceEssai) -> None:
    camarade, lundi = ecole.annuaire["camarade"], SEMAINES[0]
    with ecole.base.ecole(ECOLE, "essai : effacée") as session:
        sanction = SanctionEleve(
            **ICI, eleve_id=camarade, etat="notifiee", motif="degradation", faits=CACHE, faits_le=lundi,
            sanction=1, prononcee_le=lundi, motivation=CACHE, efface_le=VENDREDI.date() + timedelta(days=1),
        )  # fmt: skip
        session.add(sanction)

    def lue() -> bool:
        with ecole.base.ecole(ECOLE, "essai : lecture") as session:
            bornes = (lundi, lundi + timedelta(days=7), ecole.horloge.maintenant())
            return bool(lignes_du_carnet(session, ECOLE, ANNEE, [camarade], *bornes)[camarade])

    adresse = f"/api/v1/carnet/eleves/{camarade}/discipline"
    assert lue()
    assert ecole.client("camarade").get(adresse).get_json()["procedures"] != []
    ecole.horloge.avancer(timedelta(days=1))
    assert not lue()
    page = ecole.client("camarade").get(adresse)
    assert page.status_code == 200, "une sanction effacée ne ferme pas la page des autres"
    assert str(sanction.id) not in page.text
