// Un service OpenID Connect écrit par d'autres (openid-client) : l'essai lui fait faire chaque pas par un POST.
// Réglages : un objet JSON en premier argument (port, emetteur, client, secret, retour, sorti).
import { createServer } from 'node:http';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as oidc from 'openid-client';

const r = JSON.parse(process.argv[2]);
const attente = {};
let service, rendus, avis = null;

const pas = {
  async depart({ portees }) {
    service ??= await oidc.discovery(
      new URL(r.emetteur), r.client, r.secret, oidc.ClientSecretBasic(r.secret),
      { execute: [oidc.allowInsecureRequests] },
    );
    Object.assign(attente, {
      preuve: oidc.randomPKCECodeVerifier(), etat: oidc.randomState(), nonce: oidc.randomNonce(),
    });
    return oidc.buildAuthorizationUrl(service, {
      redirect_uri: r.retour, scope: portees, state: attente.etat, nonce: attente.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(attente.preuve), code_challenge_method: 'S256',
    }).href;
  },
  async retour({ adresse }) {
    const recus = await oidc.authorizationCodeGrant(service, new URL(adresse), {
      pkceCodeVerifier: attente.preuve, expectedState: attente.etat, expectedNonce: attente.nonce,
      idTokenExpected: true,
    });
    rendus = recus;
    return recus.claims();
  },
  infos: () => oidc.fetchUserInfo(service, rendus.access_token, rendus.claims().sub),
  async suite() {
    const recus = await oidc.refreshTokenGrant(service, rendus.refresh_token);
    return { scope: recus.scope, neuf: recus.refresh_token !== rendus.refresh_token };
  },
  sortie: () => oidc.buildEndSessionUrl(service, {
    id_token_hint: rendus.id_token, post_logout_redirect_uri: r.sorti, state: 'fin',
  }).href,
  avis: () => avis,
};

createServer(async (demande, reponse) => {
  let corps = '';
  for await (const morceau of demande) corps += morceau;
  let rendu;
  try {
    if (demande.url === '/prevenir') {
      const cles = createRemoteJWKSet(new URL(service.serverMetadata().jwks_uri));
      const jeton = new URLSearchParams(corps).get('logout_token');
      const regles = { issuer: r.emetteur, audience: r.client, typ: 'logout+jwt' };
      rendu = avis = (await jwtVerify(jeton, cles, regles)).payload;
    } else {
      rendu = await pas[demande.url.slice(1)](JSON.parse(corps || '{}'));
    }
  } catch (refus) {
    rendu = { refus: refus.error ?? refus.code ?? String(refus) };
    if (demande.url === '/prevenir') reponse.statusCode = 400;
  }
  reponse.end(JSON.stringify(rendu));
}).listen(r.port, '127.0.0.1', () => console.log('prêt'));
