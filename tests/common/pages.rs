//! Pages over the ports, as text.

use edgespan::dashboard;
use edgespan::dashboard::view::View;
use edgespan::error::Error;
use edgespan::http::router::{Route, find};
use edgespan::reply::Reply;
use serde_json::{Value, json};

use super::{PROJECT, RECEIVED, World};

pub fn get(world: &World, project: &str, url: &str, part: bool) -> Result<Reply, Error> {
    get_at(world, project, url, part, RECEIVED)
}

pub fn get_at(
    world: &World,
    project: &str,
    url: &str,
    part: bool,
    now: i64,
) -> Result<Reply, Error> {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let view = View {
        project,
        project_name: "shop",
        key_id: "key-1",
        guest: false,
        admin: true,
        query,
        origin: "https://edgespan.test",
        part,
        known: None,
        plain: query.contains("plain-texts"),
        local: false,
        now,
        db: &world.db,
        source: world.source(),
    };
    let route = find("GET", path, world.formats)?.route;
    let Route::Page(page) = route else { unreachable!("{route:?} is no page") };
    pollster::block_on(dashboard::answer(&page, &view))
}

pub fn html(world: &World, url: &str) -> String {
    get(world, PROJECT, url, false).unwrap().text().to_owned()
}

pub fn page_at(world: &World, url: &str, now: i64) -> String {
    get_at(world, PROJECT, url, false, now).unwrap().text().to_owned()
}

pub fn part(world: &World, url: &str) -> String {
    get(world, PROJECT, url, true).unwrap().text().to_owned()
}

pub fn span(mut fields: Value) -> String {
    fields["traceId"] = "t".into();
    fields["type"] = fields["type"].as_str().unwrap_or("TOOL").into();
    json!({ "type": "span-create", "body": fields }).to_string()
}

pub fn trace(fields: &Value) -> String {
    json!({ "type": "trace-create", "body": fields }).to_string()
}

pub fn at(second: i64) -> String {
    format!("2026-11-22T06:10:{second:02}.000Z")
}

/// What a page says, with its markup taken out.
pub fn text(html: &str) -> String {
    let pieces = html.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text));
    pieces.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}
