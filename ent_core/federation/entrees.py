"""Les entrées d'une instance : un client par fournisseur déclaré, et ceux que chaque public peut choisir."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ent_core.contrat.fournisseurs import Fournisseur
from ent_core.contrat.resultats import Anomalie
from ent_core.federation.client_cas import ClientCas
from ent_core.federation.client_oidc.client import ClientOidc
from ent_core.federation.saml.client import ClientSaml
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import Introuvable

__all__ = ["Client", "Entrees", "controler"]

Client = ClientOidc | ClientSaml | ClientCas


class Entrees:
    """Les fournisseurs d'une instance ; leurs adresses et leurs clés y sont gardées d'une entrée à l'autre.

    :param fournisseurs: ceux du fichier de configuration et des briques, par clé.
    :param horloge: heure de l'instance.
    """

    def __init__(self, fournisseurs: Mapping[str, Fournisseur], horloge: Horloge) -> None:
        self._clients: dict[str, Client] = {
            cle: _client(cle, declare, horloge) for cle, declare in fournisseurs.items()
        }

    @property
    def tous(self) -> tuple[Client, ...]:
        """Tous les clients, dans l'ordre de la configuration."""
        return tuple(self._clients.values())

    def client(self, cle: str) -> Client:
        """Client d'un fournisseur.

        :param cle: sa clé.
        :raises Introuvable: aucun fournisseur de ce nom.
        """
        trouve = self._clients.get(cle)
        if trouve is None:
            raise Introuvable(
                "ce service de connexion n'existe pas ici.", remede="choisir sur la page de connexion."
            )
        return trouve

    def pour(self, public: str, uai: str | None = None) -> tuple[Client, ...]:
        """Clients proposés à qui dit « je suis… ».

        :param public: ``eleve``, ``responsable``, ``personnel`` ou ``autre``.
        :param uai: école, si on la connaît ; un fournisseur réservé à d'autres n'est alors pas proposé.
        """
        return tuple(
            client
            for client in self.tous
            if public in client.fournisseur.publics
            and (not uai or not client.fournisseur.etablissements or uai in client.fournisseur.etablissements)
        )


def _client(cle: str, declare: Fournisseur, horloge: Horloge) -> Client:
    match declare.protocole:
        case "oidc":
            return ClientOidc(cle, declare, horloge)
        case "saml":
            return ClientSaml(cle, declare, horloge)
        case _:
            return ClientCas(cle, declare, horloge)


def controler(fournisseurs: Mapping[str, Fournisseur], *, production: bool) -> Iterator[Anomalie]:
    """Ce qui ne se voit pas dans une section prise seule.

    :param fournisseurs: fournisseurs du fichier et des briques, par clé.
    :param production: l'instance sert de vraies personnes.
    """
    emetteurs: dict[str, str] = {}
    for cle, declare in fournisseurs.items():
        lieu = f"[fournisseurs.{cle}]"
        if "HS256" in declare.algorithmes and len(declare.secret) < 32:
            yield Anomalie(
                "FEDERATION-001",
                lieu,
                "signature HS256 sans secret, ou sous un secret de moins de 32 caractères",
                "employer RS256 ou ES256 ; sinon, obtenir un secret plus long",
            )
        if production and declare.emetteur.startswith("http://"):
            yield Anomalie(
                "FEDERATION-002", lieu, "un émetteur en http:// ne vaut que pour un essai", "écrire https://"
            )
        autre = emetteurs.setdefault(declare.emetteur, cle)
        if autre != cle:
            yield Anomalie(
                "FEDERATION-003",
                lieu,
                f"même émetteur que [fournisseurs.{autre}] : ses liens se confondraient",
                "n'en déclarer qu'un, pour tous ses publics",
            )
