"""Parcourir une brique : chacune de ses routes, par chaque personne de l'annuaire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import url_for
from flask.testing import FlaskClient
from werkzeug.routing import BuildError
from werkzeug.test import TestResponse

from ent_core.contrat import offres
from ent_core.contrat.interface import Contexte
from ent_core.donnees.session import Portage
from ent_core.essais.instance import InstanceEssai
from ent_core.roles.attribution import attribuer
from ent_core.socle.calendrier import annee_scolaire
from ent_core.web.navigation import concernees
from ent_core.web.offres import consulter
from ent_core.web.routes import Exigence, exigence_de

__all__ = ["Demande", "Parcours"]


@dataclass(frozen=True, slots=True)
class Demande:
    """Une route et une méthode, prêtes à envoyer.

    :param traitements: ce qu'un jeton doit couvrir pour l'ouvrir ; vide, aucun ne l'ouvre.
    :param lien_personnel: vrai si un lien personnel l'ouvre.
    """

    methode: str
    adresse: str
    parametres: Mapping[str, Any]
    permission: str
    api: bool
    traitements: frozenset[str] = frozenset()
    lien_personnel: bool = False

    def __str__(self) -> str:
        return f"{self.methode} {self.adresse}"

    def envoyer(self, client: FlaskClient) -> TestResponse:
        """Envoie la demande, avec un corps vide.

        :param client: navigateur d'essai.
        """
        corps: Any = {} if self.api and self.methode not in ("GET", "DELETE") else None
        return client.open(self.adresse, method=self.methode, json=corps)


@dataclass(slots=True)
class Parcours:
    """Les routes d'une brique et les personnes de l'annuaire.

    :param instance: instance d'essai, la brique ouverte.
    :param brique: identifiant de la brique.
    :param exemples: valeurs des paramètres de route.
    """

    instance: InstanceEssai
    brique: str
    exemples: Mapping[str, Any]
    _clients: dict[str, FlaskClient] = field(default_factory=dict)
    _roles: dict[str, frozenset[str]] = field(default_factory=dict)

    def client(self, role: str) -> FlaskClient:
        """Navigateur d'une personne, connectée une fois.

        :param role: nom de rôle de l'annuaire.
        """
        if role not in self._clients:
            self._clients[role] = self.instance.client(role)
        return self._clients[role]

    def roles(self) -> dict[str, frozenset[str]]:
        """Personnes du premier collège et de l'académie, et leurs rôles du jour."""
        if not self._roles:
            jour = self.instance.horloge.aujourd_hui()
            annuaire = self.instance.annuaire
            for nom, personne in annuaire.personnes.items():
                if nom.endswith("_autre") or nom not in annuaire.profils:
                    continue
                uai = self.instance.uai_de(nom)
                with self.instance.base.ecole(uai, "essai : rôles du jour", personne) as session:
                    self._roles[nom] = attribuer(session, uai, personne, annuaire.profils[nom], jour).roles
        return self._roles

    def permis(self, demande: Demande) -> Iterator[str]:
        """Personnes qui ont la permission de la route.

        :param demande: route.
        """
        voulus = self._voulus(demande.permission)
        yield from (nom for nom, roles in self.roles().items() if roles & voulus)

    def refuses(self, demande: Demande) -> Iterator[str]:
        """Personnes qui ne l'ont pas.

        :param demande: route.
        """
        voulus = self._voulus(demande.permission)
        yield from (nom for nom, roles in self.roles().items() if not roles & voulus)

    def _voulus(self, permission: str) -> frozenset[str]:
        return frozenset(self.instance.ent.permissions[permission].roles) if permission else frozenset()

    def demandes(self) -> Iterator[Demande]:
        """Toutes les routes de la brique, publiques comprises."""
        application = self.instance.application
        adresses = application.url_map.bind("localhost")
        for regle in sorted(application.url_map.iter_rules(), key=lambda r: (r.rule, r.endpoint)):
            blueprint = application.blueprints.get(regle.endpoint.rpartition(".")[0])
            if getattr(blueprint, "brique", None) != self.brique or regle.endpoint.endswith(".static"):
                continue
            vue = application.view_functions[regle.endpoint]
            parametres = {nom: self.exemples.get(nom) for nom in regle.arguments}
            for methode in sorted((regle.methods or set()) - {"HEAD", "OPTIONS"}):
                try:
                    adresse = adresses.build(regle.endpoint, dict(parametres), method=methode)
                except BuildError as erreur:
                    manque = ", ".join(sorted(n for n, v in parametres.items() if v is None))
                    raise AssertionError(
                        f"la route {regle.rule} demande « {manque} » : le rendre dans exemples()."
                    ) from erreur
                exigence = exigence_de(vue, methode) or Exigence()
                yield Demande(
                    methode, adresse, parametres, exigence.permission, regle.rule.startswith("/api/"),
                    exigence.traitements, bool(exigence.lien_personnel),
                )  # fmt: skip

    def protegees(self) -> list[Demande]:
        """Routes qui demandent une permission."""
        return [demande for demande in self.demandes() if demande.permission]

    def liens_fautifs(self) -> Iterator[str]:
        """Entrées de menu et vignettes sans route, ou dont la route demande autre chose."""
        for nom in self.roles():
            contexte = self.contexte(nom)
            with self.instance.base.session(
                Portage("essai : vignettes", uai=contexte.uai, personne=contexte.personne_id)
            ) as session:
                instant = self.instance.horloge.maintenant()
                for crochet, arguments in (
                    ("ent_navigation", {"contexte": contexte}),
                    ("ent_tableau_de_bord", {"contexte": contexte, "session": session, "instant": instant}),
                ):
                    for brique, rendu, panne in self.instance.ent.relais.demander(
                        crochet, concernees(self.instance.ent, contexte), **arguments
                    ):
                        if brique.id != self.brique:
                            continue
                        if panne is not None:
                            yield f"{crochet} échoue pour {nom} : {panne!r}"
                            continue
                        for element in rendu:
                            yield from self._fautes(element)

    def _fautes(self, element: Any) -> Iterator[str]:
        ou = f"« {getattr(element, 'libelle', None) or element.titre} »"
        vises: list[tuple[str, Mapping[str, str], str]] = []
        if element.point:
            vises.append((element.point, {}, element.permission))
        for ligne in getattr(element, "lignes", ()):
            if ligne.point:
                vises.append((ligne.point, ligne.parametres, ""))
        with self.instance.application.test_request_context():
            for point, parametres, permission in vises:
                try:
                    url_for(point, **dict[str, Any](parametres))
                except BuildError:
                    yield f"{ou} mène à « {point} », qui n'est pas une route"
                    continue
                exigence = exigence_de(self.instance.application.view_functions[point], "GET")
                if permission and exigence and exigence.permission != permission:
                    yield f"{ou} demande « {permission} », sa page demande « {exigence.permission} »"

    def consulter(self, nom: str, demande: offres.Demande[Any]) -> Sequence[Any]:
        """Ce qu'une personne obtient de la brique par la page d'une autre.

        :param nom: nom de rôle de l'annuaire.
        :param demande: demande typée.
        """
        contexte = self.contexte(nom)
        portage = Portage("essai : autre brique", uai=contexte.uai, personne=contexte.personne_id)
        with self.instance.application.app_context(), self.instance.base.session(portage) as session:
            return consulter(session, contexte, demande) or ()

    def contexte(self, nom: str) -> Contexte:
        """Qui agit, aujourd'hui, la brique ouverte.

        :param nom: nom de rôle de l'annuaire.
        """
        annuaire, jour = self.instance.annuaire, self.instance.horloge.aujourd_hui()
        return Contexte(
            compte_id=annuaire[nom],
            personne_id=annuaire[nom],
            uai=self.instance.uai_de(nom),
            etablissement_nom="Collège des Essais",
            profil=annuaire.profils[nom],
            jour=jour,
            annee=annee_scolaire(jour),
            roles=self.roles()[nom],
            briques=frozenset({self.brique}),
        )
