//! The door for people: who is signed in, signing in and out, and the page
//! that they asked for.

use super::binding;
use super::body::read_form;
use super::call::{Call, key_cache, read_budget};
use crate::access::api_keys::Principal;
use crate::access::key_header::KeyHeaders;
use crate::access::login_cookie;
use crate::access::login_cookie::{LoginRequest, Sender, destination};
use crate::dashboard;
use crate::dashboard::ui::layout;
use crate::dashboard::view::View;
use crate::dashboard::{Page, login};
use crate::edge::adapters::d1::Index;
use crate::edge::adapters::r2::R2Bucket;
use crate::error::{Error, Reject};
use crate::reply::{Reply, error_headers};

/// Longest form that is read: it has a key and a path.
const MAX_FORM_BYTES: usize = 16 * 1024;

/// The address of a request, taken apart.
struct Address<'a> {
    /// The scheme and the host.
    origin: &'a str,
    /// The path and the query.
    path: &'a str,
    query: &'a str,
}

impl<'a> Address<'a> {
    fn of(url: &'a str) -> Self {
        let host = url.find("://").map_or(0, |at| at + 3);
        let end = url.get(host..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| host + at);
        let (origin, path) = url.split_at(end);
        let query = path.split_once('?').map_or("", |(_, query)| query);
        Self { origin, path, query }
    }

    fn secure(&self) -> bool {
        self.origin.starts_with("https:")
    }
}

impl Call {
    /// The answer to a request for a page.
    pub(super) async fn page(&mut self, page: &Page, url: &str) -> Result<Reply, Error> {
        let at = Address::of(url);
        let index = self.index()?;
        let answer = match page {
            Page::PostSignIn => self.sign_in(&at, &index).await?,
            Page::SignOut => {
                self.check_sender(&at)?;
                Reply::see("/sign-in").with("set-cookie", login_cookie::sign_out(at.secure()))
            }
            Page::SignIn => {
                let to = field(at.query.as_bytes(), "to").unwrap_or_default();
                let to = destination(Some(&to));
                if self.signed_in(&at, &index).await?.is_some() {
                    Reply::see(to)
                } else {
                    let ended = field(at.query.as_bytes(), "ended").map(|_| login::page::ENDED);
                    Reply::html(200, login::page::page(to, self.local(), ended))
                }
            }
            page => match self.signed_in(&at, &index).await? {
                Some(who) => self.view(page, &at, &who, &index).await?,
                None => self.to_sign_in(&at),
            },
        };
        Ok(answer)
    }

    async fn signed_in(
        &mut self,
        at: &Address<'_>,
        index: &Index,
    ) -> Result<Option<Principal>, Error> {
        let (cookies, address) = (self.header("cookie"), self.address());
        let request = LoginRequest {
            cookies: cookies.as_deref(),
            address: &address,
            local: self.local(),
            secure: at.secure(),
        };
        let who = login_cookie::who(request, self.started, &key_cache(), &self.keys(index)).await?;
        if let Some(who) = &who {
            self.project = Some(who.project.clone());
            self.project_name = Some(who.project_name.clone());
        }
        Ok(who)
    }

    fn to_sign_in(&self, at: &Address<'_>) -> Reply {
        let ended = login_cookie::was_given(self.header("cookie").as_deref(), at.secure());
        login::page::send(&self.asked_from(at), self.part(), ended)
    }

    async fn sign_in(&mut self, at: &Address<'_>, index: &Index) -> Result<Reply, Error> {
        self.check_sender(at)?;
        let form = self.form().await?;
        let to = field(&form, "to").unwrap_or_default();
        let to = destination(Some(&to));
        let key = field(&form, "key").unwrap_or_default();
        let found =
            self.authenticate(KeyHeaders { authorization: None, api_key: Some(&key) }, index).await;
        let failed = match found {
            Ok(who) => {
                self.project = Some(who.project.clone());
                let cookie = login_cookie::sign_in(&who, self.started, at.secure());
                return Ok(Reply::see(to).with("set-cookie", cookie));
            }
            Err(error) => error,
        };
        let (status, reason) = login::page::reason(&failed).ok_or(failed)?;
        Ok(Reply::html(status, login::page::page(to, self.local(), Some(&reason))))
    }

    async fn form(&mut self) -> Result<Vec<u8>, Error> {
        let form = read_form(&mut self.request, MAX_FORM_BYTES).await?;
        form.ok_or_else(|| Reject::TooLarge("That is no form of this page.".into()).into())
    }

    fn check_sender(&self, at: &Address<'_>) -> Result<(), Reject> {
        let (site, origin) = (self.header("sec-fetch-site"), self.header("origin"));
        login_cookie::check_sender(Sender {
            site: site.as_deref(),
            origin: origin.as_deref(),
            to: at.origin,
        })
    }

    async fn view(
        &self,
        page: &Page,
        at: &Address<'_>,
        who: &Principal,
        index: &Index,
    ) -> Result<Reply, Error> {
        self.count_request(who, true).await?;
        let store: R2Bucket = binding(&self.env, "RAW")?;
        let known = self.header("if-none-match");
        let budget = read_budget();
        let view = View {
            project: &who.project,
            project_name: &who.project_name,
            query: at.query,
            origin: at.origin,
            part: self.part(),
            known: known.as_deref(),
            local: self.local(),
            now: self.started,
            db: index,
            source: self.source(&store, &budget),
        };
        dashboard::answer(page, &view).await
    }

    /// Whether htmx asks, for a part of a page.
    fn part(&self) -> bool {
        self.header("hx-request").is_some()
    }

    /// The path of the page that somebody looks at: this one, or the one that
    /// has htmx ask for a part.
    fn asked_from(&self, at: &Address<'_>) -> String {
        let current = self.header("hx-current-url").filter(|_| self.part());
        current.as_deref().map_or(at.path, |url| Address::of(url).path).to_owned()
    }

    /// Whether whoever asks is better served with a page than with JSON.
    pub(super) fn wants_page(&self) -> bool {
        let accepts = self.header("accept").is_some_and(|accept| accept.contains("text/html"));
        self.route.starts_with("page-") || (self.route == "none" && accepts)
    }

    /// The page of a failure.
    pub(super) fn error_page(&self, error: &Error, id: &str) -> Reply {
        let (status, page) = layout::error(error, self.project_name.as_deref(), id);
        let mut reply = Reply::html(status, page);
        // What the API's answer says in headers (when to come back, what may be
        // asked) holds for pages too.
        reply.headers.extend(error_headers(error));
        reply
    }
}

/// A field of a form or of a query string.
fn field(form: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(form).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
