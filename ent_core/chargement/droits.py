"""Les droits des personnes, briques comprises : leurs pièces dans la copie, leur part de l'effacement."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.chargement.decouverte import Chargement
from ent_core.chargement.relais import Relais
from ent_core.contrat.resultats import Anomalie, Bilan, PieceExport
from ent_core.donnees.connexion import cle_secrete
from ent_core.donnees.session import BaseDeDonnees
from ent_core.identite.modeles import Etablissement
from ent_core.socle.calendrier import Horloge
from ent_core.socle.configuration import Configuration
from ent_core.vie_privee.droits import copies, demandes, livre
from ent_core.vie_privee.droits.effacement import Briques, Efface, effacer
from ent_core.vie_privee.droits.export import Composition, Entete, Pieces, composer
from ent_core.vie_privee.droits.livre import LigneDuLivre, Livre, Manquants
from ent_core.vie_privee.droits.modeles import CopieRemise, Demande
from ent_core.vie_privee.droits.verdict import Fondement
from ent_core.vie_privee.empreinte import canonique
from ent_core.vie_privee.registre import Registre

__all__ = ["Guichet", "livre_de"]


def livre_de(configuration: Configuration) -> Livre:
    """Livre des effacements, dans le dossier des données, hors de la base.

    :param configuration: configuration de l'instance.
    """
    cle = hmac.new(cle_secrete(configuration).encode(), b"effacements", hashlib.sha256).digest()
    return Livre(Path(configuration.donnees) / "effacements" / "livre.jsonl", cle)


class Guichet:
    """Ce qu'il faut pour répondre à une personne.

    :param configuration: produit, académie, clé secrète, dossier des données.
    :param chargement: briques chargées, ouvertes ou non.
    """

    def __init__(self, configuration: Configuration, chargement: Chargement, horloge: Horloge) -> None:
        self._configuration = configuration
        self._horloge = horloge
        self._relais = Relais(chargement)
        self._declarations = [brique.declaration() for brique in chargement.briques]
        self.registre = Registre.reunir(self._declarations)
        self.livre = livre_de(configuration)

    @property
    def pieces(self) -> Pieces:
        """Ce que les briques donnent d'elles-mêmes."""

        def rendre(session: Session, personne: UUID) -> Iterator[tuple[str, PieceExport]]:
            rendues = self._relais.appeler("ent_exporter_personne", session=session, personne_id=personne)
            for brique, donnees in rendues:
                for piece in donnees:
                    yield brique.id, piece

        return rendre

    @property
    def briques(self) -> Briques:
        """Celles qui ont leur propre effacement."""
        qui = {
            d.brique for d in self._declarations if self._relais.implante("ent_effacer_personne", d.brique)
        }

        def appeler(session: Session, brique: str, personne: UUID, motif: str) -> Bilan:
            rendus = self._relais.appeler(
                "ent_effacer_personne",
                frozenset({brique}),
                session=session,
                personne_id=personne,
                motif=motif,
            )
            return next((bilan for celle, bilan in rendus if celle.id == brique), Bilan())

        return Briques(frozenset(qui), appeler)

    def entete(self, session: Session, uai: str | None, numero: str = "") -> Entete:
        """En-tête d'une copie.

        :param session: session de l'académie.
        :param uai: établissement ; ``None``, l'académie.
        :param numero: numéro de la demande.
        """
        nom = session.scalar(select(Etablissement.nom).where(Etablissement.uai == uai)) if uai else None
        formes = json.dumps([canonique(d) for d in self._declarations], sort_keys=True, default=str)
        return Entete(
            produit=self._configuration.produit, responsable=nom or self._configuration.academie,
            faite_le=self._horloge.maintenant(), uai=uai, demande=numero,
            registre=hashlib.sha256(formes.encode()).hexdigest(),
        )  # fmt: skip

    def exporter(
        self, session: Session, personne: UUID, sortie: IO[bytes], *, uai: str | None = None,
        demande: Demande | None = None,
    ) -> Composition:  # fmt: skip
        """Écrit la copie d'une personne hors du guichet web.

        :param session: session de l'académie.
        :param demande: demande dont la relecture décide des textes libres ; sans elle, aucun n'est remis.
        """
        numero = demandes.numero(demande) if demande else ""
        return composer(
            session, self.registre, personne, sortie, self.entete(session, uai, numero), pieces=self.pieces,
            relus=copies.relus(session, demande) if demande else {},
        )  # fmt: skip

    def fabriquer(
        self, session: Session, demande: Demande, par: UUID | None
    ) -> tuple[CopieRemise, Composition]:
        """Fabrique la copie d'une demande et la tient prête.

        :param session: session de l'académie.
        :param par: personne qui instruit.
        :raises OperationRefusee: des textes attendent une relecture.
        """
        entete = self.entete(session, demande.uai, demandes.numero(demande))
        return copies.fabriquer(session, self._horloge, self.registre, demande, entete, self.pieces, par)

    def effacer(
        self, base: BaseDeDonnees, personne: UUID, fondement: Fondement, *,
        traitements: tuple[str, ...] = (), uai: str | None = None, acteur: UUID | None = None,
    ) -> Efface:  # fmt: skip
        """Efface, valide, puis confirme au livre ; un échec l'y dit aussi.

        :param base: base de l'application.
        :param traitements: ceux que la demande vise ; vide, tous.
        """
        with base.academie("effacer les données d'une personne") as session:
            avant, jeton = {i.id for i in self.livre.lire()}, self.livre.jeton(personne)
            try:
                efface = effacer(
                    session, self._horloge, self.registre, self.livre, personne, fondement,
                    briques=self.briques, traitements=traitements, uai=uai, acteur=acteur,
                )  # fmt: skip
            except Exception:
                # Un autre effacement peut s'être annoncé pendant ce temps : le sien n'est pas abandonné.
                for annoncee in self.livre.lire():
                    if annoncee.jeton == jeton and annoncee.id not in avant:
                        self.livre.confirmer(annoncee.id, "abandon")
                raise
        self.livre.confirmer(efface.id)
        return efface

    def manquants(self, session: Session) -> Manquants:
        """Effacements que la base, restaurée, ne connaît plus.

        :param session: session de l'académie.
        """
        return livre.manquants(session, self.livre)

    def anomalies(self, base: BaseDeDonnees) -> list[Anomalie]:
        """Ce qui interdit d'ouvrir après une restauration.

        :param base: base de l'application, migrée.
        """
        if not self.livre.chemin.exists():
            return []
        with base.academie("démarrage : effacements") as session:
            return livre.anomalies(session, self.livre)

    def rejouer(
        self, base: BaseDeDonnees, inscriptions: tuple[LigneDuLivre, ...]
    ) -> dict[UUID, Efface | None]:
        """Refait des effacements ; ``None`` pour une personne qui n'est pas revenue.

        :param base: base restaurée, fermée aux personnes.
        :param inscriptions: inscriptions du livre que la base ne connaît pas.
        """
        with base.academie("restauration : retrouver les personnes effacées") as session:
            trouvees = self.livre.retrouver(session, [i.jeton for i in inscriptions])
        refaits: dict[UUID, Efface | None] = {}
        for inscription in inscriptions:
            personne = trouvees.get(inscription.jeton)
            with base.academie("restauration : refaire un effacement") as session:
                refaits[inscription.id] = None
                if personne is None:
                    livre.inscrire_absente(session, self._horloge, inscription)
                else:
                    refaits[inscription.id] = effacer(
                        session, self._horloge, self.registre, self.livre, personne,
                        Fondement(inscription.fondement), briques=self.briques, uai=inscription.uai,
                        rejoue=inscription,
                    )  # fmt: skip
            if not inscription.fait:
                self.livre.confirmer(inscription.id)
        return refaits
