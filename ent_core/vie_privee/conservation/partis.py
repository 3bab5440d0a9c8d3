"""Ce qui part avec un élève : sorti de l'établissement, ses lignes s'y effacent la nuit même.

Une règle le veut, et la loi avec elle : il n'y a ni plan ni approbation. Un gel suspend, comme ailleurs ; la
preuve entre dans la même chaîne que les autres, dans la transaction qui efface.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import ColumnElement, and_, delete, not_, or_, select, tuple_
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import NamedFromClause

from ent_core.contrat.donnees import Lien
from ent_core.donnees.base import Base
from ent_core.donnees.intervalles import en_vigueur as ce_jour
from ent_core.donnees.session import BaseDeDonnees
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import Rattachement
from ent_core.socle.calendrier import Horloge
from ent_core.vie_privee.conservation.expressions import chemins, existe
from ent_core.vie_privee.conservation.gels import en_vigueur, partager_verrou
from ent_core.vie_privee.conservation.preuve import Tetes, ajouter_preuve, empreinte_lignes, tete
from ent_core.vie_privee.conservation.regles import Regle, Regles
from ent_core.vie_privee.conservation.situation import Situation

__all__ = ["Effacement"]

_MOTIF = "conservation : élèves partis"
_rattachements = Base.metadata.tables[Rattachement.__tablename__]


@dataclass(frozen=True, slots=True)
class Effacement:
    """Efface, école par école, ce qui part avec un élève.

    :param cle: clé des empreintes d'identifiants.
    :param tetes: fichier des têtes, hors de la base.
    """

    base: BaseDeDonnees
    horloge: Horloge
    regles: Regles
    cle: bytes
    tetes: Tetes

    def effacer(self) -> int:
        """Efface tout ce qui est à effacer ; rejoué, il ne change rien.

        :returns: lignes effacées.
        """
        siennes = [regle for regle in self.regles.toutes if regle.traitement.conservation.au_depart]
        effacees = 0
        for traitement, lot in groupby(sorted(siennes, key=_traitement), key=_traitement):
            regles = [regle for regle in lot if not regle.defaut]
            for uai in self._ecoles(regles):
                # Une transaction par école : les lignes, leurs preuves et le journal, ou rien.
                with self.base.academie(_MOTIF) as session:
                    effacees += self._ici(session, traitement, uai, regles)
        if effacees:
            with self.base.academie(_MOTIF) as session:
                derniere = tete(session)
            if derniere is not None:
                self.tetes.ecrire(derniere)
        return effacees

    def _ecoles(self, regles: Sequence[Regle]) -> list[str]:
        with self.base.academie(_MOTIF) as session:
            uais = {uai for r in regles for uai in session.scalars(select(r.table.c.uai).distinct())}
        return sorted(uais)

    def _ici(self, session: Session, traitement: str, uai: str, regles: Sequence[Regle]) -> int:
        partager_verrou(session)
        situation = Situation(self.regles, self.horloge.aujourd_hui(), en_vigueur(session))
        nombre = sum(self._table(session, situation, uai, regle) for regle in regles)
        if nombre:
            consigner(
                session, self.horloge, "donnees.parties", uai=uai, objet=traitement,
                details={"lignes": nombre},
            )  # fmt: skip
        return nombre

    def _table(self, session: Session, situation: Situation, uai: str, regle: Regle) -> int:
        alias, cles = regle.table.alias("t"), tuple(regle.table.primary_key)
        voulues = select(*(alias.c[c.name] for c in cles)).where(
            alias.c.uai == uai, self._parti(regle, alias), not_(situation.gelee(regle, alias))
        )
        parties = session.execute(
            delete(regle.table).where(tuple_(*cles).in_(voulues)).returning(*cles)
        ).all()
        if parties:
            ajouter_preuve(
                session, self.horloge,
                {
                    "nature": "depart", "plan_id": None, "plan": "", "rang": 0,
                    "regle": regle.traitement.cle, "version": regle.traitement.version,
                    "autorite": regle.autorite, "sort": regle.acte, "objet": regle.table.name, "uai": uai,
                    "periode": None, "nombre": len(parties), "echeance_min": None, "echeance_max": None,
                    "lignes": empreinte_lignes(self.cle, [tuple(p) for p in parties]),
                },
            )  # fmt: skip
        return len(parties)

    def _parti(self, regle: Regle, alias: NamedFromClause) -> ColumnElement[bool]:
        """Aucune personne à qui est la ligne n'est plus de l'établissement ce jour."""
        return not_(or_(*self._presences(regle, alias)))

    def _presences(self, regle: Regle, alias: NamedFromClause) -> Iterator[ColumnElement[bool]]:
        for chemin in chemins(regle.table, alias):
            if chemin.lien is Lien.PROPRIETAIRE:
                titre = _rattachements.alias()
                present = and_(
                    titre.c.uai == alias.c.uai,
                    titre.c.personne_id == chemin.personne,
                    ce_jour(titre.c, self.horloge.aujourd_hui()),
                )
                tables = [table for table, _ in chemin.etapes]
                yield existe([*tables, titre], *(sur for _, sur in chemin.etapes), present)


def _traitement(regle: Regle) -> str:
    return regle.traitement.cle
