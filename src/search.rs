//! Finding traces by words. Blocks of words ([`crate::index::words`]) say which traces may have
//! them, and hashes take some words for others: what is found is read, and shown where the words
//! are there. It goes along the project's traces as the list does, newest first, and looks at
//! a bounded number of blocks at a time.

pub mod excerpt;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use crate::batch::RawStore;
use crate::error::Fault;
use crate::index::found::root_of;
use crate::index::read::{Slice, TraceRow};
use crate::index::sessions::{MAX_TURNS, Turn, read_turns, select_turns};
use crate::index::traces::{Filter, ListPlace, ListRow, Next, Page};
use crate::index::{Database, query, sorting, traces, words};
use crate::limits::MAX_PACK_BYTES;
use crate::payload::{Payloads, Source};
use ingest_core::fold::words::{Wanted, beginning, each_text};
use ingest_core::index_writer::stored_row::{COUNT_BITS, KEY_EPOCH_S, SECOND_BITS};
use ingest_core::index_writer::word_blocks::second_of_key;

/// Bytes of blocks that are read at once, or the first block that exceeds them.
const READ_BYTES: usize = 1024 * 1024;
/// Times that blocks are looked at before an answer, as long as nothing is found.
const ROUNDS: usize = 3;
/// The same where one second has more blocks than that.
const MOST_ROUNDS: usize = 20;
/// Traces that are looked up at once.
const CANDIDATES: usize = 1_000;
/// So much of what traces say is read for a page.
const CONTENT_BYTES: u64 = 4 * 1024 * 1024;

/// A page of the list, by whatever filter.
///
/// # Errors
/// A fault of the database, or no room for what has to be read.
pub async fn page(
    project: &str,
    (filter, after, limit): (&Filter, Option<ListPlace>, usize),
    db: &impl Database,
    source: &Source<'_, impl RawStore>,
) -> Result<Page, Fault> {
    if let (Some(sort), None) = (filter.sort, &filter.words) {
        let oldest = compared_to(project, filter, db).await?;
        let places = (after, oldest);
        let statements = sorting::select_page(project, (filter, sort), places, limit);
        let page = traces::read_page(&db.run(statements.into()).await?, limit)?;
        return Ok(Page { compared_to: oldest, ..page });
    }
    let Some(wanted) = &filter.words else {
        let ran = db.run(traces::select_page(project, filter, after, limit).into()).await?;
        return traces::read_page(&ran, limit);
    };
    let found = look(project, wanted, (filter, after), db).await?;
    let limit = limit.min(MAX_TURNS);
    let ids: Vec<&str> = found.ids.iter().map(|id| &**id).collect();
    let statements = traces::select_page_among(project, filter, after, Some(&ids), limit);
    let Page { rows, next, any, .. } = traces::read_page(&db.run(statements.into()).await?, limit)?;
    let next = if next == Next::End { found.next } else { next };
    let (rows, next) = confirm(project, (wanted, filter), (rows, next), db, source).await?;
    Ok(Page { rows, next, any, compared_to: None })
}

/// The last of the traces that are compared, where that is not all of them.
async fn compared_to(
    project: &str,
    filter: &Filter,
    db: &impl Database,
) -> Result<Option<ListPlace>, Fault> {
    let reach = traces::select_reach(project, filter, sorting::MAX_SORTED);
    traces::read_reach(&db.run(vec![reach]).await?)
}

/// The same for the API.
///
/// # Errors
/// As [`page`].
pub async fn traces(
    project: &str,
    (filter, after, limit): (&Filter, Option<ListPlace>, usize),
    db: &impl Database,
    source: &Source<'_, impl RawStore>,
) -> Result<(Vec<TraceRow>, Next), Fault> {
    if let (Some(sort), None) = (filter.sort, &filter.words) {
        let places = (after, compared_to(project, filter, db).await?);
        let statements = sorting::select_traces(project, (filter, sort), places, limit);
        return traces::read_traces(&db.run(statements).await?, limit);
    }
    let Some(wanted) = &filter.words else {
        let ran = db.run(traces::select_traces(project, filter, after, limit)).await?;
        return traces::read_traces(&ran, limit);
    };
    let found = look(project, wanted, (filter, after), db).await?;
    let limit = limit.min(MAX_TURNS);
    let ids: Vec<&str> = found.ids.iter().map(|id| &**id).collect();
    let statements = traces::select_traces_among(project, filter, after, Some(&ids), limit);
    let (rows, next) = traces::read_traces(&db.run(statements).await?, limit)?;
    let next = if next == Next::End { found.next } else { next };
    confirm(project, (wanted, filter), (rows, next), db, source).await
}

/// Traces that may have the words.
struct Candidates {
    /// Their ids as they are kept.
    ids: Vec<Rc<str>>,
    /// Where it goes on.
    next: Next,
}

/// What blocks say of a trace: the second of its key, the words that it has, a bit each, and
/// whether that is all that there is of it.
#[derive(Default)]
struct Known {
    second: i64,
    has: u32,
    whole: bool,
}

/// Looks through blocks from a place on.
async fn look(
    project: &str,
    wanted: &Wanted,
    (filter, after): (&Filter, Option<ListPlace>),
    db: &impl Database,
) -> Result<Candidates, Fault> {
    let hashes = wanted.hashes();
    let (first, to) = query::seconds(filter.from, filter.to);
    let last = after.map_or(to, |place| second_of_key(place.key.saturating_sub(1)).min(to));
    let mut known: HashMap<Rc<str>, Known> = HashMap::new();
    let (mut number, mut before) = (0, None);
    for round in 1.. {
        let scan = words::select_scan(project, &hashes, (first, last), before);
        let ran = db.run(vec![scan]).await?;
        let (scanned, more) = words::read_scan(&ran.rows.concat())?;
        let (blocks, all) = some_of(&scanned);
        let hits: Vec<i64> = blocks.iter().filter(|b| b.hit).map(|b| b.key).collect();
        if !hits.is_empty() {
            let ran = db.run(vec![words::select_blocks(project, &hits)]).await?;
            for (_, block) in words::read_blocks(&ran.rows.concat(), Some(&hashes))? {
                take_in(&mut known, &hashes, block);
            }
        }
        before = blocks.last().map(|block| block.key).or(before);
        number = before.map_or(number, |key| key >> (SECOND_BITS + COUNT_BITS));
        // All that there is of traces after this second has been seen.
        let mut seen_to = match before {
            Some(key) if more || !all => second_of_key(key),
            _ => first - 1,
        };
        let found = |seen_to| known.values().any(|trace| trace.may_have(&hashes, seen_to));
        let enough = round >= ROUNDS || found(seen_to);
        if round >= MOST_ROUNDS {
            // What one second has more than that is passed over.
            seen_to = seen_to.min(last - 1);
        }
        if seen_to < first || seen_to < last && enough {
            known.retain(|_, trace| trace.may_have(&hashes, seen_to));
            return Ok(newest(known, (first, last), number, seen_to));
        }
    }
    Ok(Candidates { ids: Vec::new(), next: Next::End })
}

impl Known {
    /// Whether it may have all the words, and all that there is of it has been seen.
    fn may_have(&self, hashes: &[u32], seen_to: i64) -> bool {
        let all = self.has == (1 << hashes.len()) - 1;
        self.second > seen_to && (all || self.has != 0 && !self.whole)
    }
}

/// As many blocks as are read at once, and whether that is all of them.
fn some_of(scanned: &[words::Scanned]) -> (&[words::Scanned], bool) {
    let mut bytes = 0;
    let fits = scanned.iter().take_while(|block| {
        let room = bytes == 0 || bytes < READ_BYTES || !block.hit;
        bytes += if block.hit { block.bytes } else { 0 };
        room
    });
    let count = fits.count();
    (scanned.get(..count).unwrap_or(scanned), count == scanned.len())
}

fn take_in(
    known: &mut HashMap<Rc<str>, Known>,
    hashes: &[u32],
    block: ingest_core::pack::words::Block,
) {
    let mut has = vec![0_u32; block.docs.len()];
    for (bit, hash) in hashes.iter().enumerate() {
        for at in block.words.get(hash).into_iter().flatten() {
            if let Some(has) = has.get_mut(*at) {
                *has |= 1 << bit;
            }
        }
    }
    for (doc, has) in block.docs.into_iter().zip(has) {
        let known = known.entry(doc.id).or_default();
        known.second = doc.second;
        known.has |= has;
        known.whole |= doc.whole;
    }
}

/// A number of candidates, the newest, in the project of this number.
fn newest(
    known: HashMap<Rc<str>, Known>,
    (first, last): (i64, i64),
    number: i64,
    mut seen_to: i64,
) -> Candidates {
    let mut of_second: BTreeMap<i64, Vec<Rc<str>>> = BTreeMap::new();
    for (id, Known { second, .. }) in known {
        if (first..=last).contains(&second) {
            of_second.entry(second).or_default().push(id);
        }
    }
    let mut ids = Vec::new();
    while let Some((second, own)) = of_second.pop_last() {
        if ids.len() >= CANDIDATES {
            seen_to = second;
            break;
        }
        ids.extend(own);
    }
    let key = (number << SECOND_BITS | (seen_to + 1)) << COUNT_BITS;
    let place = ListPlace { key, start_us: (seen_to + KEY_EPOCH_S) * 1_000_000 };
    Candidates { ids, next: if seen_to < first { Next::End } else { Next::Perhaps(place) } }
}

/// A trace of a list.
trait Listed {
    fn id(&self) -> &str;
    fn place(&self) -> Option<ListPlace>;
    fn previews(&self) -> [Option<&str>; 3];
    /// Takes what is to be seen of its texts instead of how they begin.
    fn show(&mut self, excerpts: [Option<String>; 2]);
}

macro_rules! listed {
    ($row:ty, $show:expr) => {
        impl Listed for $row {
            fn id(&self) -> &str {
                &self.id
            }
            fn place(&self) -> Option<ListPlace> {
                Some(ListPlace { key: self.key.parse().ok()?, start_us: self.start_us })
            }
            fn previews(&self) -> [Option<&str>; 3] {
                [&self.input_preview, &self.output_preview, &self.error_preview]
                    .map(|preview| preview.as_deref())
            }
            fn show(&mut self, excerpts: [Option<String>; 2]) {
                $show(self, excerpts);
            }
        }
    };
}

listed!(ListRow, |row: &mut ListRow, [input, output]: [Option<String>; 2]| {
    row.input_preview = input.or(row.input_preview.take());
    row.output_preview = output.or(row.output_preview.take());
});
// The API's are as they were sent.
listed!(TraceRow, |_: &mut TraceRow, _| {});

/// Those of a page whose texts have the words; fewer, where there is too much to read.
async fn confirm<R: Listed>(
    project: &str,
    (wanted, filter): (&Wanted, &Filter),
    (mut rows, mut next): (Vec<R>, Next),
    db: &impl Database,
    source: &Source<'_, impl RawStore>,
) -> Result<(Vec<R>, Next), Fault> {
    // What a preview is cut off in is no word.
    let whole = |text: &'_ str| match text.strip_suffix('…') {
        Some(cut) => cut.rsplit_once(' ').map_or("", |(whole, _)| whole).to_owned(),
        None => text.to_owned(),
    };
    let is_shown = |row: &R| {
        let [input, output, error] = row.previews().map(|text| text.map(whole));
        let [input, output] = [input, output].map(|text| text.into_iter().collect());
        Texts { input, output, error }.have(wanted, filter)
    };
    let unread: HashSet<String> =
        rows.iter().filter(|row| !is_shown(row)).map(|row| row.id().to_owned()).collect();
    if unread.is_empty() {
        return Ok((rows, next));
    }
    let ids: Vec<&str> = unread.iter().map(|id| &**id).collect();
    let statements = select_turns(project, &ids, MAX_PACK_BYTES);
    let turns = read_turns(&db.run(statements).await?)?;
    let content: HashMap<&str, Content> =
        turns.iter().map(|(id, turn)| (&**id, Content::of(turn))).collect();
    let mut bytes = 0;
    let fits = rows.iter().take_while(|row| {
        let room = bytes < CONTENT_BYTES;
        let own = content.get(row.id()).into_iter().flat_map(Content::slices);
        bytes += own.map(|slice| slice.length).sum::<u64>();
        room
    });
    let fits = fits.count();
    if fits < rows.len() {
        rows.truncate(fits);
        next = rows.last().and_then(R::place).map_or(next, Next::More);
    }
    let read = rows.iter().filter_map(|row| content.get(row.id()));
    let slices: Vec<&Slice> = read.flat_map(Content::slices).collect();
    let payloads = Payloads::read(source, &slices).await?;
    rows.retain_mut(|row| {
        if !unread.contains(row.id()) {
            return true;
        }
        // What cannot be read may have them.
        let Some(texts) = content.get(row.id()).and_then(|content| content.texts(&payloads)) else {
            return true;
        };
        let excerpt = |of: &[String]| of.iter().find_map(|text| excerpt::around(wanted, text));
        row.show([excerpt(&texts.input), excerpt(&texts.output)]);
        texts.have(wanted, filter)
    });
    Ok((rows, next))
}

/// What is looked at.
struct Texts {
    input: Vec<String>,
    output: Vec<String>,
    error: Option<String>,
}

impl Texts {
    /// Whether the words are in it, and those that are to be in an output there.
    fn have(&self, wanted: &Wanted, filter: &Filter) -> bool {
        let output = || self.output.iter().map(|text| &**text);
        let other = self.input.iter().chain(&self.error).map(|text| &**text);
        let all = other.chain(output());
        wanted.is_in(all) && filter.output.as_ref().is_none_or(|wanted| wanted.is_in(output()))
    }
}

/// Where what a trace is found by lies.
struct Content<'a> {
    turn: &'a Turn,
    own: [Option<Slice>; 2],
}

impl<'a> Content<'a> {
    fn of(turn: &'a Turn) -> Self {
        Self { turn, own: [turn.0.own_input(), turn.0.own_output()] }
    }

    fn slices(&self) -> impl Iterator<Item = &Slice> {
        let root = root_of(&self.turn.1);
        root.into_iter().flat_map(|root| &root.slices).chain(self.own.iter().flatten())
    }

    /// What it says; nothing where some of it cannot be read.
    fn texts(&self, payloads: &Payloads) -> Option<Texts> {
        let root = root_of(&self.turn.1).map(|root| payloads.span(root)).transpose().ok()?;
        let [input, output] = self.own.each_ref().map(|slice| {
            slice.as_ref().map_or(Ok((None, None)), |slice| payloads.trace_content(slice))
        });
        let [mut input, mut output] =
            [input.ok()?.0, output.ok()?.1].map(|own| own.into_iter().collect::<Vec<_>>());
        let mut error = None;
        if let Some(root) = root {
            input.extend(root.input);
            output.extend(root.output);
            error = root.error_message.map(|error| beginning(&error).to_owned());
        }
        let [input, output] = [input, output].map(|payloads| {
            let mut texts = Vec::new();
            for json in &payloads {
                each_text(json, |text| texts.push(text.to_owned()));
            }
            texts
        });
        Some(Texts { input, output, error })
    }
}
