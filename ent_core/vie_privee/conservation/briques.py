"""La purge propre à une brique (``ent_purger``) : essayée à blanc, faite, puis recomptée par le noyau.

Ce qu'elle dit avoir retiré de ses tables doit être ce qui y manque, et rien de ce qui manque ne devait
rester : un gel, une ligne vivante ou à venir emportés annulent tout.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ent_core.contrat.donnees import Depart
from ent_core.contrat.resultats import Bilan
from ent_core.identite.modeles import AnneeScolaire
from ent_core.socle.erreurs import OperationRefusee
from ent_core.vie_privee.conservation.declencheurs import dernier_depart_echu
from ent_core.vie_privee.conservation.lots import Atelier, compter_echues

__all__ = ["Purger", "limite", "purger_brique"]

Purger = Callable[[Session, str, str, str, date, bool], Bilan | None]
"""Appelle ``ent_purger`` d'une brique : (session, brique, traitement, uai, limite, simulation)."""


def purger_brique(session: Session, ateliers: Sequence[Atelier], purger: Purger) -> str:
    """Fait purger une brique dans un établissement ; ses lignes parties entrent dans la chaîne.

    :param session: session de l'académie, transaction neuve ; une exception annule tout.
    :param ateliers: lignes du plan, d'un même traitement et d'un même établissement.
    :param purger: appelle la brique ; rend ``None`` si elle n'a pas de purge.
    :returns: motif du refus de la brique ; vide si elle a purgé, ou n'a rien à elle.
    :raises OperationRefusee: ses comptes ne sont pas ceux du noyau.
    """
    ligne, regle = ateliers[0].ligne, ateliers[0].regle
    if ligne.uai is None or regle.deplace:
        # Ce qui entre dans l'archive n'est purgé par personne : la brique l'ôterait sans l'y mettre.
        return ""
    ateliers[0].situation(session)
    arguments = (session, ligne.brique, ligne.traitement, ligne.uai, limite(session, ateliers))
    essai = purger(*arguments, True)
    if essai is None:
        return ""
    if essai.refus:
        return f"la brique {ligne.brique} refuse : {essai.refus}"
    tables = {
        r.table.name: r.table
        for r in ateliers[0].regles.toutes
        if r.traitement.cle == regle.traitement.cle and r.par_uai
    }

    def totaux() -> dict[str, int]:
        session.flush()
        return {
            nom: session.scalar(select(func.count()).select_from(t).where(t.c.uai == ligne.uai)) or 0
            for nom, t in tables.items()
        }

    avant, echues = totaux(), [compter_echues(session, atelier) for atelier in ateliers]
    bilan = purger(*arguments, False) or Bilan()
    apres, restantes = totaux(), [compter_echues(session, atelier) for atelier in ateliers]
    parties = {nom: avant[nom] - apres[nom] for nom in tables}
    dites = {nom: bilan.comptes.get(nom, 0) for nom in tables}
    permises = dict.fromkeys(tables, 0)
    for atelier, (_, libres), (_, encore) in zip(ateliers, echues, restantes, strict=True):
        permises[atelier.ligne.objet] += libres - encore
    if dict(essai.comptes) != dict(bilan.comptes) or parties != dites or parties != permises:
        raise OperationRefusee(
            f"la brique {ligne.brique} n'a pas purgé ce qu'elle dit, ou plus qu'elle ne devait :"
            f" annoncées {dict(bilan.comptes)}, parties {parties}, permises {permises}. Rien n'est éliminé.",
            remede="corriger ent_purger : les mêmes comptes à blanc et pour de bon, et rien que d'échu.",
            lieu=f"traitement {ligne.traitement}, établissement {ligne.uai}",
        )
    for atelier, (_, libres), (_, encore) in zip(ateliers, echues, restantes, strict=True):
        if libres != encore:
            li = atelier.ligne
            atelier.prouver(
                session, "brique", libres - encore, echeance_min=li.echeance_min, echeance_max=li.echeance_max
            )  # fmt: skip
    return ""


def limite(session: Session, ateliers: Sequence[Atelier]) -> date:
    """Premier jour dont les données restent.

    :param session: session de l'académie.
    :param ateliers: lignes du plan, d'un même traitement et d'un même établissement.
    """
    regle = ateliers[0].regle
    if regle.depart is not Depart.FIN_ANNEE_SCOLAIRE:
        return dernier_depart_echu(ateliers[0].jour, regle.duree) + timedelta(days=1)
    periodes = [a.ligne.periode for a in ateliers if a.ligne.periode is not None]
    fin = session.scalar(
        select(func.max(AnneeScolaire.fin)).where(
            AnneeScolaire.uai == ateliers[0].ligne.uai, AnneeScolaire.annee.in_(periodes)
        )
    )
    return fin or ateliers[0].jour
