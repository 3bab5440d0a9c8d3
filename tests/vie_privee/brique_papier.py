"""Une brique d'essai qui respecte l'opposition : elle imprime une feuille vierge, puis recopie le retour."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Index, String
from sqlalchemy.orm import Mapped, Session

from ent_core.brique import (
    Acces,
    Base,
    BaseLegale,
    Categorie,
    ChampPapier,
    Cloisonne,
    Conservation,
    Contexte,
    Depart,
    Destinataire,
    Duree,
    FinaliteEnt,
    FormulairePapier,
    OperationRefusee,
    Opposition,
    Population,
    Portee,
    Role,
    Saisie,
    Sort,
    Source,
    Sujet,
    Texte,
    Traitement,
    donnee,
    neutre,
    opposee,
    par_etablissement,
    vers_personne,
)
from ent_core.essais.instance import faux_brique

__all__ = ["VOEUX", "Voeu", "brique_papier", "enregistrer"]

VOEUX = Traitement(
    cle="souhaits.voeux",
    version=1,
    intitule="Vœux de langue",
    finalite="Recueillir le choix de langue de chaque élève.",
    finalite_ent=FinaliteEnt.INSCRIPTIONS,
    base=BaseLegale.MISSION_INTERET_PUBLIC,
    textes=("code de l'éducation, article D. 331-1",),
    personnes=frozenset({Population.ELEVE}),
    destinataires=(
        Destinataire(Role.ADMINISTRATIF, Portee.ETABLISSEMENT, Acces.ECRIRE),
        Destinataire(Role.DIRECTION, Portee.ETABLISSEMENT),
    ),
    conservation=Conservation(
        Depart.FAIT, Duree(mois=12), Sort.SUPPRIMER, autorite=Texte("code de l'éducation")
    ),
    opposition=Opposition(possible=True, motif="", papier="la feuille de vœux, remise par le secrétariat"),
)


class Voeu(Saisie, Cloisonne, Base):
    """Un vœu, saisi à l'écran ou recopié d'une feuille."""

    __tablename__ = "souhaits_voeu"
    __traitement__ = "souhaits.voeux"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("eleve_id"),)
    __depart__ = "jour"

    eleve_id: Mapped[UUID] = vers_personne()
    jour: Mapped[date] = neutre("jour du vœu", Date)
    langue: Mapped[str] = donnee(Categorie.SCOLARITE, String(40))

    __table_args__ = (Index(None, "eleve_id"),)


def enregistrer(
    session: Session, uai: str, eleve: UUID, jour: date, langue: str, source: Source = Source.SAISIE
) -> Voeu:
    """Enregistre un vœu ; à qui s'oppose, il ne vient que du papier."""
    if source is Source.SAISIE and opposee(session, eleve, VOEUX.cle):
        raise OperationRefusee("cette personne s'y oppose.", remede="imprimer la feuille de vœux.")
    voeu = Voeu(uai=uai, eleve_id=eleve, jour=jour, langue=langue, source=source.value)
    session.add(voeu)
    return voeu


@cache
def brique_papier() -> ModuleType:
    """La brique, avec sa feuille."""

    def feuille(
        session: Session, contexte: Contexte, traitement: str, personne_id: UUID
    ) -> FormulairePapier | None:
        if traitement != VOEUX.cle:
            return None
        return FormulairePapier(
            titre="Feuille de vœux",
            consigne="À rendre au secrétariat avant les vacances.",
            champs=(
                ChampPapier("Langue choisie", choix=("allemand", "espagnol")),
                ChampPapier("Remarque", lignes=3),
            ),
        )

    crochets: dict[str, Any] = {
        "ent_modeles": lambda: (Voeu,),
        "ent_migrations": lambda: Path(__file__).parent / "papier" / "migrations",
        "ent_traitements": lambda: (VOEUX,),
        "ent_formulaire_papier": feuille,
    }
    return faux_brique("souhaits", **crochets)
