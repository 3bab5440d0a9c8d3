"""Ce qu'une bascule change, et pour qui : tiré des déclarations de la brique, dit avant d'agir."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from flask import current_app

from ent_core.chargement.decisions import Decision
from ent_core.chargement.decouverte import BriqueChargee, installees
from ent_core.contrat.donnees import Traitement
from ent_core.contrat.interface import Permission
from ent_core.contrat.manifeste import dit_les_degres
from ent_core.contrat.roles import LIBELLES_ROLES
from ent_core.socle.erreurs import Introuvable
from ent_core.vie_privee.publication.phrases import conservation as dire_la_duree
from ent_core.web.instance import Instance

__all__ = [
    "BriqueAffichee",
    "Effets",
    "LigneTraitement",
    "brique_affichee",
    "briques_affichees",
    "chargee",
    "effets",
    "non_chargees",
]

_ORIGINES = {
    "page": "par une page",
    "api": "par l'API",
    "commande": "par une commande",
    "fichier": "par le fichier",
}


@dataclass(frozen=True, slots=True)
class BriqueAffichee:
    """Une brique chargée et son état.

    :param decision: décision qui l'emporte ; sans décision, la brique est fermée.
    :param en_attente: ouverte ou prévue ici, et dont un préalable n'est pas attesté.
    :param degres: à quel degré elle se destine, si ce n'est pas celui d'ici ; vide si elle peut s'ouvrir.
    """

    id: str
    titre: str
    resume: str
    version: str
    decision: Decision | None
    en_attente: bool = False
    degres: str = ""

    @property
    def ouverte(self) -> bool:
        """Vrai si elle est ouverte ce jour."""
        return self.decision is not None and self.decision.ouverte

    @property
    def servie(self) -> bool:
        """Vrai si rien n'y manque : ouverte ce jour, préalables attestés."""
        return self.ouverte and not self.en_attente

    @property
    def origine(self) -> str:
        """Quelle décision l'emporte, en clair."""
        if self.decision is None:
            return "Aucune décision : elle reste fermée."
        qui = "de l'académie" if self.decision.niveau == "académie" else "de l'établissement"
        return f"Décision {qui}, {_ORIGINES.get(self.decision.origine, self.decision.origine)}."


@dataclass(frozen=True, slots=True)
class LigneTraitement:
    """Un traitement de données, dans les mots d'une personne."""

    finalite: str
    personnes: str
    destinataires: str
    duree: str
    textes: str


@dataclass(frozen=True, slots=True)
class Effets:
    """Pages, droits et données d'une brique."""

    pages: tuple[str, ...]
    droits: tuple[tuple[str, str], ...]
    traitements: tuple[LigneTraitement, ...]
    aucune_donnee: str


def chargee(ent: Instance, identifiant: str) -> BriqueChargee:
    """Brique chargée, hors noyau.

    :param ent: instance.
    :param identifiant: identifiant de brique.
    :raises Introuvable: elle n'est pas chargée.
    """
    trouvee = ent.chargement.brique(identifiant) if identifiant != "noyau" else None
    if trouvee is None:
        raise Introuvable("cette brique n'est pas chargée.", remede="revenir à la liste des briques.")
    return trouvee


def brique_affichee(
    ent: Instance,
    brique: BriqueChargee,
    decision: Decision | None,
    en_attente: Collection[str] = (),
    degre: int = 0,
) -> BriqueAffichee:
    """Une brique et son état.

    :param ent: instance.
    :param brique: brique chargée.
    :param decision: décision qui l'emporte.
    :param en_attente: briques qui attendent leurs préalables dans l'établissement montré.
    :param degre: degré de cet établissement ; 0, aucun établissement.
    """
    m = brique.manifeste
    refus = "" if ent.activation.convient(m.id, degre) else dit_les_degres(m)
    return BriqueAffichee(m.id, m.titre, m.resume, m.version, decision, m.id in en_attente, refus)


def briques_affichees(
    ent: Instance, decisions: Mapping[str, Decision], en_attente: Collection[str] = (), degre: int = 0
) -> list[BriqueAffichee]:
    """Briques chargées, dans l'ordre de leur titre.

    :param ent: instance.
    :param decisions: décisions en vigueur.
    :param en_attente: briques qui attendent leurs préalables dans l'établissement montré.
    :param degre: degré de cet établissement ; 0, aucun établissement.
    """
    briques = [
        brique_affichee(ent, b, decisions.get(b.id), en_attente, degre)
        for b in ent.chargement.briques
        if b.id != "noyau"
    ]
    return sorted(briques, key=lambda brique: brique.titre.casefold())


def non_chargees(ent: Instance) -> list[str]:
    """Briques installées que la configuration ne charge pas.

    :param ent: instance.
    """
    return sorted(set(installees()) - {brique.id for brique in ent.chargement.briques})


def effets(ent: Instance, brique: BriqueChargee) -> Effets:
    """Ce que l'ouverture d'une brique apporte.

    :param ent: instance.
    :param brique: brique chargée.
    """
    return Effets(
        pages=_pages(brique.id),
        droits=tuple((p.libelle, _roles(p)) for p in brique.permissions),
        traitements=tuple(_ligne(t) for t in brique.traitements),
        aucune_donnee=brique.aucune.motif if brique.aucune else "",
    )


def _pages(brique: str) -> tuple[str, ...]:
    """Adresses des pages de la brique qui s'ouvrent sans paramètre."""
    siens = {nom for nom, bp in current_app.blueprints.items() if getattr(bp, "brique", None) == brique}
    return tuple(
        sorted(
            regle.rule
            for regle in current_app.url_map.iter_rules()
            if regle.endpoint.rpartition(".")[0] in siens
            and "GET" in (regle.methods or ())
            and not regle.arguments
            and not regle.rule.startswith("/api/")
        )
    )


def _roles(permission: Permission) -> str:
    return ", ".join(
        f"{LIBELLES_ROLES.get(role, role)} ({portee.value})" for role, portee in permission.roles.items()
    )


def _ligne(traitement: Traitement) -> LigneTraitement:
    conservation = traitement.conservation
    return LigneTraitement(
        finalite=traitement.finalite,
        personnes=", ".join(sorted(str(p) for p in traitement.personnes)),
        destinataires=", ".join(
            f"{LIBELLES_ROLES.get(d.role, d.role)} ({d.portee.value})" for d in traitement.destinataires
        ),
        duree=f"{dire_la_duree(conservation)}, puis {conservation.sort}",
        textes=" ; ".join(traitement.textes),
    )
