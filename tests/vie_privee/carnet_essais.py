"""Une année de vie scolaire : une ligne dans chaque table du carnet, chaque sanction de l'échelle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

from ent_carnet import brique
from ent_carnet.modeles import (
    Absence,
    Accuse,
    Affichage,
    Alerte,
    Appel,
    ChangementMotif,
    Contact,
    Decompte,
    DemandeAbsence,
    DemandeSanction,
    Desaccord,
    Fait,
    InterdictionConservatoire,
    Justification,
    ObservationEleve,
    PropositionPunition,
    Punition,
    Retenue,
    Signalement,
)
from ent_carnet.nomenclatures import (
    EtapeProcedure,
    Mesure,
    MotifDiscipline,
    MotifSignalement,
    PunitionProposable,
    Sanction,
    SuiteDemande,
    Voie,
)
from ent_carnet.regles.procedure import Acte, Decision, Reunion
from ent_carnet.services import motifs, procedure, sanctions
from ent_carnet.services.dossier import appliquer
from ent_carnet.services.dossier import charger as dossier_de
from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from ent_core.brique import Contexte, Portee
from ent_core.contrat.roles import Profil
from ent_core.essais.annuaire import ANNEE, ECOLE
from ent_core.essais.instance import InstanceEssai
from ent_core.identite.modeles import Division, Inscription, Personne, Rattachement
from ent_core.socle.calendrier import FUSEAU, annee_scolaire

__all__ = [
    "DECISIONS",
    "FAITS",
    "aller",
    "contexte_de",
    "lignes",
    "prononcer",
    "remplir_le_bilan",
    "tables",
    "vivre",
]

FAITS, DECIDE = date(2026, 9, 7), date(2026, 9, 14)
_TERME = date(2027, 7, 5)
_HUIT = datetime(2026, 9, 7, 8, tzinfo=FUSEAU)
_UNE_HEURE = timedelta(minutes=55)


@dataclass(frozen=True, slots=True)
class Prevue:
    """Une procédure, et jusqu'à quelle année scolaire sa sanction demeure.

    :param de_plus: années après celle du prononcé ; ``None``, le terme du second degré.
    """

    decision: Decision | None
    de_plus: int | None
    classee: bool = False
    respectee: bool = False


def _avec_sursis(sanction: Sanction, **valeurs: Any) -> Decision:
    return Decision(sanction, sursis_jusqu_au=_TERME, **valeurs)


_S = Sanction
DECISIONS: dict[str, Prevue] = {
    "avertissement": Prevue(Decision(_S.AVERTISSEMENT), 0),
    "blâme": Prevue(Decision(_S.BLAME), 1),
    "responsabilisation": Prevue(Decision(_S.MESURE_DE_RESPONSABILISATION, heures=10), 1),
    "responsabilisation, sursis": Prevue(_avec_sursis(_S.MESURE_DE_RESPONSABILISATION, heures=20), 1),
    "exclusion de la classe": Prevue(Decision(_S.EXCLUSION_DE_LA_CLASSE, jours=2), 2),
    "exclusion de la classe, sursis": Prevue(_avec_sursis(_S.EXCLUSION_DE_LA_CLASSE, jours=8), 2),
    "exclusion": Prevue(Decision(_S.EXCLUSION_DE_L_ETABLISSEMENT, jours=8), 2),
    "exclusion, sursis": Prevue(_avec_sursis(_S.EXCLUSION_DE_L_ETABLISSEMENT, jours=1), 2),
    "exclusion, mesure respectée": Prevue(
        Decision(_S.EXCLUSION_DE_L_ETABLISSEMENT, jours=3, mesure=Mesure.PROPOSEE), 0, respectee=True
    ),
    "définitive": Prevue(Decision(_S.EXCLUSION_DEFINITIVE, par_conseil=True), None),
    "définitive, sursis": Prevue(_avec_sursis(_S.EXCLUSION_DEFINITIVE, par_conseil=True), None),
    "classée": Prevue(None, 0, classee=True),
    "jamais conclue": Prevue(None, 1),
}
"""Ce que dit R. 511-13 IV, écrit ici à la main : rien ne le tire du code que l'on éprouve."""


def tables() -> dict[str, Table]:
    """Tables du carnet, par nom."""
    return {modele.__tablename__: modele.__table__ for modele in brique.ent_modeles()}  # type: ignore[attr-defined] # modèles


def lignes(ecole: InstanceEssai, uai: str) -> dict[str, set[tuple[Any, ...]]]:
    """Tout ce que le carnet tient d'un établissement : table → clés et valeurs."""
    with ecole.base.academie("essai : tout relire") as session:
        return {
            nom: {tuple(map(str, ligne)) for ligne in session.execute(select(t).where(t.c.uai == uai))}
            for nom, t in tables().items()
        }


def aller(ecole: InstanceEssai, jour: date, heure: int = 9) -> None:
    """L'horloge, un jour donné."""
    ecole.horloge.instant = datetime.combine(jour, time(heure), FUSEAU)


def contexte_de(ecole: InstanceEssai, uai: str, role: str = "direction") -> Contexte:
    """Contexte d'une personne de l'établissement, ce jour."""
    jour = ecole.horloge.aujourd_hui()
    return Contexte(
        compte_id=uuid4(), personne_id=ecole.annuaire[role if uai == ECOLE else f"{role}_autre"], uai=uai,
        etablissement_nom="Collège des Essais", profil="National_DIR", jour=jour,
        annee=annee_scolaire(jour), roles=frozenset({role}), briques=frozenset({"carnet"}),
    )  # fmt: skip


def prononcer(
    ecole: InstanceEssai, uai: str, eleve: UUID, prevues: Mapping[str, Prevue], faits: date = FAITS
) -> dict[str, UUID]:
    """Chaque procédure par ses services, de l'ouverture à son terme ; rend leurs identifiants."""
    decide = faits + timedelta(days=7)
    aller(ecole, faits)
    with ecole.base.ecole(uai, "essai : instruire") as session:
        ouvertes = {
            nom: _instruire(session, ecole, uai, eleve, faits, prevue) for nom, prevue in prevues.items()
        }
    aller(ecole, decide)
    with ecole.base.ecole(uai, "essai : décider") as session:
        for nom, prevue in prevues.items():
            _conclure(session, contexte_de(ecole, uai), ouvertes[nom], prevue, decide)
    return ouvertes


def _instruire(
    session: Session, ecole: InstanceEssai, uai: str, eleve: UUID, faits: date, prevue: Prevue
) -> UUID:
    contexte = contexte_de(ecole, uai)
    ouverte = procedure.ouvrir(
        session, contexte, Portee.ETABLISSEMENT, eleve_id=eleve, motif=MotifDiscipline.INSOLENCE,
        faits="A insulté un camarade.", faits_le=faits,
    )  # fmt: skip
    for etape in (EtapeProcedure.NOTIFICATION_ELEVE, EtapeProcedure.NOTIFICATION_RESPONSABLES):
        procedure.noter(session, contexte, ouverte.id, etape, faits)
    if prevue.decision is not None and prevue.decision.par_conseil:
        convocation = Acte(
            EtapeProcedure.CONVOCATION_CONSEIL, faits, Voie.RECOMMANDE,
            Reunion(faits + timedelta(days=7), time(17, 30), "Salle du conseil"),
        )  # fmt: skip
        appliquer(session, contexte, dossier_de(session, contexte, ouverte.id), convocation)
    return ouverte.id


def _conclure(session: Session, contexte: Contexte, procedure_id: UUID, prevue: Prevue, jour: date) -> None:
    instant = datetime.combine(jour, time(9), FUSEAU)
    if prevue.classee:
        procedure.noter(session, contexte, procedure_id, EtapeProcedure.CLASSEMENT, jour)
    if prevue.decision is None:
        return
    prononce = sanctions.Prononce(jour, "Faits reconnus.", prevue.decision)
    sanctions.prononcer(session, contexte, procedure_id, prononce)
    sanctions.notifier(session, contexte, procedure_id, jour, Voie.MAIN_PROPRE, instant)
    if prevue.respectee:
        for etape in (EtapeProcedure.MESURE_ACCEPTEE, EtapeProcedure.MESURE_RESPECTEE):
            procedure.noter(session, contexte, procedure_id, etape, jour)


def vivre(ecole: InstanceEssai, uai: str, eleves: Mapping[str, UUID]) -> None:
    """L'année de chaque élève, ligne à ligne : l'appel, le dossier d'absences, le carnet, les punitions."""
    a = ecole.annuaire
    suffixe = "" if uai == ECOLE else "_autre"
    qui = {role: a[role + suffixe] for role in ("enseignant", "cpe", "parent")}
    aller(ecole, FAITS)
    with ecole.base.ecole(uai, "essai : une année") as session:
        motif = motifs.obtenir(session, uai, "maladie").id
        for eleve in eleves.values():
            for vague in _siennes({"uai": uai, "annee": ANNEE}, eleve, qui, a.divisions[uai], motif):
                session.add_all(vague)
                session.flush()


def _siennes(
    ici: dict[str, Any], eleve: UUID, qui: Mapping[str, UUID], division: UUID, motif: UUID
) -> Iterator[list[Any]]:
    """Par vagues : ce qui s'appuie sur une ligne vient après elle."""
    lui, fin, par = {**ici, "eleve_id": eleve}, _HUIT + _UNE_HEURE, qui["enseignant"]
    heure = {"debut": _HUIT, "fin": fin}
    appel = Appel(
        **ici, **heure, id=uuid4(), seance_id=uuid4(), matiere="MATHEMATIQUES", fait_le=fin, termine_le=fin,
        auteur_id=par, division_id=division,
    )  # fmt: skip
    punition = Punition(
        **lui, id=uuid4(), nature="retenue", motif="retards", circonstances="Arrive en retard chaque lundi.",
        jour=FAITS, auteur_id=par, donnee_le=fin,
    )  # fmt: skip
    montrees = [
        Affichage(**lui, id=uuid4(), nature=nature, objet_id=uuid4())
        for nature in ("absence", "punition", "observation")
    ]
    yield [appel, punition, *montrees]
    yield [
        Fait(**lui, **heure, appel_id=appel.id, nature="absent", saisi_le=fin, auteur_id=par),
        Absence(**lui, **heure, genre="absence", etat="motif_donne", motif_id=motif, traitee_le=fin),
        Justification(**lui, **heure, declarant_id=qui["parent"], motif_id=motif, recue_le=FAITS),
        Contact(
            **lui, responsable_id=qui["parent"], canal="telephone", abouti=True, le=FAITS,
            auteur_id=qui["cpe"],
        ),
        Alerte(**lui, seuil="mois", nombre=4, du=FAITS, au=FAITS),
        Decompte(
            **lui, periode="1", demi_journees=4, non_reglees=1, retards=0, regle="une_seance", scelle_le=fin
        ),
        ChangementMotif(
            **ici, motif_id=motif, indicateur="regle", valeur=True, effet_le=FAITS, decide_le=fin,
            auteur_id=qui["cpe"],
        ),
        *(Accuse(**ici, affichage_id=m.id, personne_id=qui["parent"], lu_le=FAITS) for m in montrees),
        Retenue(**ici, punition_id=punition.id, lieu="Salle 12", **heure),
        ObservationEleve(**lui, code="entraide", jour=FAITS, seance_id=uuid4(), auteur_id=par),
        InterdictionConservatoire(**lui, du=FAITS, au=FAITS, auteur_id=par),
        DemandeAbsence(**lui, **heure, invitee_le=FAITS, auteur_id=par),
        Desaccord(**lui, signale_le=FAITS, auteur_id=par),
        Signalement(**lui, motif=next(iter(MotifSignalement)), propose_le=FAITS, auteur_id=par),
        PropositionPunition(
            **lui, nature=next(iter(PunitionProposable)), motif="retards", circonstances="En retard au CDI.",
            jour=FAITS, auteur_id=par,
        ),
        _demande(lui, par, SuiteDemande.ATTENTE),
    ]  # fmt: skip


def _demande(lui: dict[str, Any], auteur: UUID, suite: SuiteDemande) -> DemandeSanction:
    return DemandeSanction(
        **lui, conseil=False, motif=MotifDiscipline.INSOLENCE, faits="A insulté un camarade.",
        personnel_vise=False, jour=FAITS, auteur_id=auteur, suite=suite,
    )  # fmt: skip


def remplir_le_bilan(ecole: InstanceEssai, uai: str, par_suite: int) -> None:
    """Assez d'élèves pour que le bilan des demandes ne se taise pas tout entier."""
    suites = [suite for suite in SuiteDemande for _ in range(par_suite)]
    ids = [uuid4() for _ in suites]
    with ecole.base.academie("essai : des élèves") as session:
        session.add_all(Personne(id=qui, nom=f"Bilan {rang}", prenom="Noé") for rang, qui in enumerate(ids))
        session.flush()
        session.add_all(
            Rattachement(
                uai=uai, personne_id=qui, profil=Profil.ELEVE.value, source="essai", debut=date(2026, 9, 1)
            )
            for qui in ids
        )
    with ecole.base.ecole(uai, "essai : des demandes") as session:
        lui = {"uai": uai, "annee": ANNEE}
        session.add_all(
            _demande({**lui, "eleve_id": qui}, ecole.annuaire["enseignant"], suite)
            for qui, suite in zip(ids, suites, strict=True)
        )


def reinscrire(session: Session, uai: str, eleve: UUID, annee: int) -> None:
    """L'élève, dans une classe de l'année suivante."""
    division = Division(uai=uai, annee=annee, code="4A", libelle="4e A", mefs=[])
    session.add(division)
    session.flush()
    session.add(
        Inscription(uai=uai, annee=annee, personne_id=eleve, division_id=division.id, debut=date(annee, 9, 1))
    )
