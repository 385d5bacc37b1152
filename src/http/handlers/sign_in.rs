//! Signing in to the dashboard and out of it, and who is signed in.

use crate::access::api_keys::Principal;
use crate::access::key_header::KeyHeaders;
use crate::access::login_cookie;
use crate::access::login_cookie::{LoginRequest, Sender, destination};
use crate::access::scope::Scope;
use crate::dashboard::login;
use crate::error::{Error, Reject};
use crate::http::address::{Address, find_field};
use crate::http::exchange::Exchange;
use crate::http::platform::{Platform, RequestBody, RequestHead};
use crate::reply::Reply;

/// Longest form that is read: it has a key and a path.
const MAX_FORM_BYTES: usize = 16 * 1024;

/// The form for signing in; whoever is signed in already goes on.
pub(in crate::http) async fn form<P: Platform, R: RequestHead>(
    exchange: &mut Exchange<'_, P, R>,
) -> Result<Reply, Error> {
    let query = exchange.query();
    let to = find_field(query.as_bytes(), "to").unwrap_or_default();
    let to = destination(Some(&to));
    if find_principal(exchange).await?.is_some() {
        return Ok(Reply::see(to));
    }
    let ended = find_field(query.as_bytes(), "ended").map(|_| login::page::ENDED);
    Ok(Reply::html(200, login::page::page(to, exchange.platform.is_local(), ended)))
}

/// Signs somebody in who sends that form with a key.
pub(in crate::http) async fn sign_in<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
) -> Result<Reply, Error> {
    check_sender(exchange)?;
    let form = exchange.receive_form(MAX_FORM_BYTES).await?;
    let to = find_field(&form, "to").unwrap_or_default();
    let to = destination(Some(&to));
    let key = find_field(&form, "key").unwrap_or_default();
    let headers = KeyHeaders { authorization: None, api_key: Some(&key) };
    let found = exchange.authenticate(headers).await;
    let found = found.and_then(|who| Ok(who.scopes.check(Scope::Read).map(|()| who)?));
    let failed = match found {
        Ok(who) => {
            exchange.noted.project = Some(who.project.clone());
            let secure = Address::of(&exchange.url).is_secure();
            let cookie = login_cookie::sign_in(&who, exchange.started, secure);
            return Ok(Reply::see(to).with("set-cookie", cookie));
        }
        Err(error) => error,
    };
    let (status, reason) = login::page::reason_of(&failed).ok_or(failed)?;
    let local = exchange.platform.is_local();
    Ok(Reply::html(status, login::page::page(to, local, Some(&reason))))
}

/// Signs somebody out.
pub(in crate::http) fn sign_out<P: Platform, R: RequestHead>(
    exchange: &Exchange<'_, P, R>,
) -> Result<Reply, Error> {
    check_sender(exchange)?;
    let secure = Address::of(&exchange.url).is_secure();
    Ok(Reply::see("/sign-in").with("set-cookie", login_cookie::sign_out(secure)))
}

/// Who is signed in, if anybody is.
pub(in crate::http) async fn find_principal<P: Platform, R: RequestHead>(
    exchange: &mut Exchange<'_, P, R>,
) -> Result<Option<Principal>, Error> {
    let (cookies, address) = (exchange.header("cookie"), exchange.client());
    let request = LoginRequest {
        cookies: cookies.as_deref(),
        address: &address,
        local: exchange.platform.is_local(),
        secure: Address::of(&exchange.url).is_secure(),
    };
    let keys = exchange.platform.keys()?;
    let who = login_cookie::who(request, exchange.started, &exchange.isolate.keys, &keys).await?;
    // Who lost the scope since is signed out.
    let who = who.filter(|who| who.scopes.check(Scope::Read).is_ok());
    if let Some(who) = &who {
        exchange.noted.project = Some(who.project.clone());
        exchange.noted.project_name = Some(who.project_name.clone());
    }
    Ok(who)
}

/// Who is signed in, counted as a reader: who looks and clicks much is never kept from sending
/// traces. Or the way of others to sign in, and from there to a page.
pub(super) async fn signed_in<P: Platform, R: RequestHead>(
    exchange: &mut Exchange<'_, P, R>,
    page: &str,
) -> Result<Result<Principal, Reply>, Error> {
    let Some(who) = find_principal(exchange).await? else {
        let secure = Address::of(&exchange.url).is_secure();
        let ended = login_cookie::was_given(exchange.header("cookie").as_deref(), secure);
        return Ok(Err(login::page::redirect_to(page, is_part(exchange), ended)));
    };
    exchange.count(&who, true).await?;
    Ok(Ok(who))
}

/// Whether htmx asks, for a part of a page.
pub(super) fn is_part<P: Platform, R: RequestHead>(exchange: &Exchange<'_, P, R>) -> bool {
    exchange.header("hx-request").is_some()
}

/// Checks that a form comes from a page of this origin.
pub(in crate::http) fn check_sender<P: Platform, R: RequestHead>(
    exchange: &Exchange<'_, P, R>,
) -> Result<(), Reject> {
    let (site, origin) = (exchange.header("sec-fetch-site"), exchange.header("origin"));
    login_cookie::check_sender(Sender {
        site: site.as_deref(),
        origin: origin.as_deref(),
        to: Address::of(&exchange.url).origin,
    })
}
