"""Le registre et les notices d'une instance : ce que les briques déclarent, là où elles sont ouvertes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.chargement.activation import Activation
from ent_core.chargement.decouverte import Chargement
from ent_core.chargement.services import recus_ici
from ent_core.chargement.traitements_services import TRAITEMENT_DES_SERVICES
from ent_core.identite.modeles import Etablissement
from ent_core.socle.configuration import Configuration
from ent_core.socle.erreurs import Introuvable
from ent_core.vie_privee.publication.assemblage import NOYAU, RegistrePublie, publier
from ent_core.vie_privee.publication.fiche import Cadre
from ent_core.vie_privee.publication.notices import Lecteurs, Notice, rediger_notice
from ent_core.vie_privee.publication.sous_traitance import RegistreSousTraitant, rediger_sous_traitant
from ent_core.vie_privee.registre import Registre

__all__ = ["Publication"]

_TITRE_DU_NOYAU = "Annuaire, comptes et sécurité"


@dataclass(frozen=True, slots=True)
class Publication:
    """Rédige le registre et les notices d'un établissement, ou de l'académie."""

    configuration: Configuration
    chargement: Chargement
    activation: Activation
    registre: Registre

    def registre_de(self, session: Session, uai: str | None, jour: date) -> RegistrePublie:
        """Registre d'un établissement ; sans lui, celui de toutes les briques chargées.

        :param session: session de l'établissement, ou de l'académie.
        :param uai: établissement, ou ``None``.
        :param jour: le jour.
        :raises Introuvable: établissement inconnu.
        """
        briques = self._briques(session, uai, jour)
        return publier(session, self.registre, self._cadre(session, uai), uai, briques, jour)

    def sous_traitance(self, session: Session, jour: date) -> RegistreSousTraitant:
        """Registre de l'académie comme sous-traitant des chefs d'établissement (article 30.2).

        :param session: session de l'académie.
        :param jour: le jour.
        """
        uais = session.scalars(select(Etablissement.uai).where(Etablissement.degre > 0)).all()
        decidees = self.activation.decisions_de(session, uais, jour)
        ouvertes = {
            uai: frozenset(brique for brique, decision in par_brique.items() if decision.ouverte)
            for uai, par_brique in decidees.items()
        }
        academie = self.registre_de(session, None, jour)
        return rediger_sous_traitant(session, self.registre, academie, self._cadre(session, None), ouvertes)

    def notice(self, publie: RegistrePublie, session: Session, lecteurs: Lecteurs) -> Notice:
        """Notice tirée d'un registre publié.

        :param publie: registre de l'établissement, ou de l'académie.
        :param session: session qui l'a lu.
        :param lecteurs: à qui elle s'adresse.
        """
        titres = {
            brique: self._titres().get(brique, brique)
            for brique in (NOYAU, *sorted(self._briques(session, publie.uai or None, publie.jour)))
        }
        return rediger_notice(
            lecteurs,
            self.registre,
            self._cadre(session, publie.uai or None),
            publie.reponses,
            [fiche.cle for fiche in publie.fiches],
            titres,
            publie.fiches[0]["responsable"].valeurs,
        )

    def _briques(self, session: Session, uai: str | None, jour: date) -> frozenset[str]:
        if uai is None:
            return frozenset(self.activation.briques)
        return self.activation.actives(session, uai, jour)

    def _titres(self) -> dict[str, str]:
        titres = {brique.id: brique.manifeste.titre for brique in self.chargement.briques}
        return {**titres, NOYAU: _TITRE_DU_NOYAU}

    def _cadre(self, session: Session, uai: str | None) -> Cadre:
        reglages = self.configuration
        ecole = None if uai is None else session.get(Etablissement, uai)
        if uai is not None and ecole is None:
            raise Introuvable(f"l'établissement {uai} est inconnu.", remede="vérifier le code UAI.")
        return Cadre(
            produit=reglages.produit,
            academie=reglages.academie,
            briques=self._titres(),
            etablissement=ecole.nom if ecole else "",
            coordonnees=_coordonnees(ecole) if ecole else "",
            degre=ecole.degre if ecole else 0,
            securise=reglages.serveur.securise,
            inactivite=reglages.sessions.inactivite,
            dehors={TRAITEMENT_DES_SERVICES: recus_ici(session, self.chargement, reglages, uai)},
        )


def _coordonnees(ecole: Etablissement) -> str:
    ville = f"{ecole.code_postal or ''} {ecole.ville or ''}".strip()
    return ", ".join(filter(None, (ecole.adresse, ville, ecole.telephone, ecole.courriel)))
