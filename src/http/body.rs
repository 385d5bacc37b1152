//! What the headers say a body is, and its bytes with compression taken off:
//! bounded, so that a few kilobytes cannot become gigabytes.

use std::io;
use std::io::Read;
use std::rc::Rc;

use flate2::bufread::GzDecoder;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

use super::platform::{RequestBody, RequestHead};
use crate::batch::RawStore;
use crate::error::{Error, Reject};
use crate::limits::MAX_ZSTD_WINDOW_BYTES;
use crate::memory_budget::{MemoryBudget, MemoryShare};
use crate::model::Millis;

/// What a body whose length is not known is counted as before any of it is there.
pub const FIRST_BYTES: usize = 64 * 1024;

/// A body, and what it came as.
#[derive(Debug)]
pub struct Received<H> {
    /// To decode: without compression.
    pub bytes: Vec<u8>,
    /// To store. It is what the platform handed over, but for compression that raw batches
    /// are not kept in.
    pub held: H,
    /// Whether that is one member of gzip.
    pub gzipped: bool,
    /// What `held` is counted as.
    pub share: MemoryShare,
}

impl<H> Received<H> {
    /// These bytes in the place of those that came.
    ///
    /// # Errors
    /// A fault where there is no room for them.
    pub fn replace<R: RequestBody<Held = H>>(
        self,
        bytes: Vec<u8>,
        now: Millis,
    ) -> Result<Self, Error> {
        Self::of::<R>(bytes, self.share, now)
    }

    /// These bytes, which are counted as what was, and held again.
    fn of<R: RequestBody<Held = H>>(
        bytes: Vec<u8>,
        mut share: MemoryShare,
        now: Millis,
    ) -> Result<Self, Error> {
        share.resize(bytes.len() as u64, now)?;
        let held = R::hold(&bytes);
        Ok(Self { bytes, held, gzipped: false, share })
    }
}

/// What a body may be.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Most bytes, after decompression.
    pub most: usize,
    /// Whether it may be compressed with zstd.
    pub zstd: bool,
}

/// Reads a body that may be so, and takes its compression off. It is held in the
/// platform's memory; wasm's, which never shrinks, has it only while it is decoded, which
/// waits for nothing.
///
/// # Errors
/// 413 and 415; 400 for a body that breaks off or is not compressed as it says; a fault
/// where there is no room for it.
pub async fn receive<R: RequestHead + RequestBody>(
    request: &mut R,
    Wanted { most, zstd }: Wanted,
    uploads: &Rc<MemoryBudget>,
    now: &impl Fn() -> Millis,
) -> Result<Received<R::Held>, Error> {
    let encoding = Encoding::of(request.header("content-encoding").as_deref())?;
    if encoding == Encoding::Zstd && !zstd {
        return Err(unknown_encoding().into());
    }
    let declared = declared_length(request);
    if declared.is_some_and(|length| length > most) {
        return Err(too_large(most).into());
    }
    // Before it is read: when there is no room, nothing of it is taken in.
    let mut share = uploads.take(declared.unwrap_or(FIRST_BYTES) as u64, now())?;
    let held = request.read(declared, most, Some(&mut share)).await?;
    let held = held.filter(|held| R::length(held) <= most).ok_or_else(|| too_large(most))?;
    share.resize(R::length(&held) as u64, now())?;
    let came = R::copy(&held);
    if encoding == Encoding::Identity {
        return Ok(Received { bytes: came, held, gzipped: false, share });
    }
    let bytes = decompress(encoding, &came, most)?;
    if encoding == Encoding::Gzip && is_one_member(&came) {
        return Ok(Received { bytes, held, gzipped: true, share });
    }
    drop((came, held));
    Received::of::<R>(bytes, share, now())
}

/// Whether sound gzip has no further member: of such alone the platform takes it off.
fn is_one_member(gzip: &[u8]) -> bool {
    let mut first = GzDecoder::new(gzip);
    io::copy(&mut first, &mut io::sink()).is_ok() && first.into_inner().is_empty()
}

/// From how many bytes on a body is compressed before it is stored: what is set, in KB. Where
/// nothing is set, or nothing that can be read, no body is: compressing takes the platform 4 ms
/// of CPU for 100 KB, ten times all else that a batch is answered after (bench/JOURNAL.md).
#[must_use]
pub fn compress_from(setting: Option<&str>) -> usize {
    let kb = setting.and_then(|text| text.trim().parse::<u32>().ok());
    kb.map_or(usize::MAX, |kb| (kb as usize).saturating_mul(1024))
}

/// A body of so many bytes, compressed, where that is worth it, and where there is room for
/// both: then what was held may be given back, and the share is no more than what is left.
pub async fn compress<S: RawStore>(
    held: &S::Body,
    (bytes, from): (usize, usize),
    store: &S,
    (room, share): (&Rc<MemoryBudget>, &mut MemoryShare),
    now: &impl Fn() -> Millis,
) -> Option<S::Body> {
    if bytes < from {
        return None;
    }
    let _room = room.take(bytes as u64, now()).ok()?;
    let (small, length) = store.compress(held).await?;
    share.resize(length as u64, now()).ok()?;
    Some(small)
}

/// Reads a form of at most so many bytes; `None` for one that has more.
///
/// # Errors
/// 400 for one that breaks off.
pub async fn receive_form<R: RequestHead + RequestBody>(
    request: &mut R,
    most: usize,
) -> Result<Option<Vec<u8>>, Error> {
    let declared = declared_length(request);
    if declared.is_some_and(|length| length > most) {
        return Ok(None);
    }
    let held = request.read(declared, most, None).await?;
    Ok(held.map(|held| R::copy(&held)))
}

/// The length that a request says its body has.
fn declared_length(request: &impl RequestHead) -> Option<usize> {
    request.header("content-length").and_then(|length| length.parse().ok())
}

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Not at all.
    Identity,
    /// RFC 1952, also several members in a row.
    Gzip,
    /// HTTP's `deflate`: zlib (RFC 1950), or bare RFC 1951 as some clients
    /// send it.
    Deflate,
    /// RFC 8878, also several frames in a row.
    Zstd,
}

impl Encoding {
    /// What the `Content-Encoding` header names.
    ///
    /// # Errors
    /// 415 for one that is not known, or for several.
    pub fn of(header: Option<&str>) -> Result<Self, Reject> {
        let name = header.unwrap_or_default().trim().to_ascii_lowercase();
        match name.as_str() {
            "" | "identity" => Ok(Self::Identity),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "deflate" => Ok(Self::Deflate),
            "zstd" => Ok(Self::Zstd),
            _ => Err(unknown_encoding()),
        }
    }
}

fn unknown_encoding() -> Reject {
    Reject::UnsupportedMediaType("Content-Encoding: expected gzip, deflate or none".into())
}

/// The 413 for a body of more bytes than `most`.
#[must_use]
pub fn too_large(most: usize) -> Reject {
    Reject::TooLarge(format!(
        "the body is larger than {most} bytes (after decompression); send smaller batches"
    ))
}

/// The body without its compression.
///
/// # Errors
/// 400 when it is not what the header says, 413 when more bytes than `most` come out;
/// no more than that is ever held.
pub fn decompress(encoding: Encoding, body: &[u8], most: usize) -> Result<Vec<u8>, Reject> {
    match encoding {
        Encoding::Identity => Ok(body.to_vec()),
        Encoding::Gzip => read(MultiGzDecoder::new(body), "gzip", most),
        // A zlib header is 0x?8 and divisible by 31 with the byte after it.
        Encoding::Deflate => match body {
            [a, b, ..] if a & 0x0f == 8 && (u16::from(*a) << 8 | u16::from(*b)) % 31 == 0 => {
                read(ZlibDecoder::new(body), "deflate", most)
            }
            _ => read(DeflateDecoder::new(body), "deflate", most),
        },
        Encoding::Zstd => read(Frames { rest: body, frame: None }, "zstd", most),
    }
}

/// What the frames of a zstd stream come to. One says how much of what came out before it
/// refers to, which is held besides: no more than [`MAX_ZSTD_WINDOW_BYTES`] of it.
struct Frames<'a> {
    rest: &'a [u8],
    frame: Option<StreamingDecoder<&'a [u8], FrameDecoder>>,
}

impl Read for Frames<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(mut frame) = self.frame.take() else {
                if self.rest.is_empty() {
                    return Ok(0);
                }
                let most = MAX_ZSTD_WINDOW_BYTES;
                let frame = StreamingDecoder::new_with_max_window_size(self.rest, most);
                self.frame = Some(frame.map_err(io::Error::other)?);
                continue;
            };
            let count = frame.read(to)?;
            if count > 0 || to.is_empty() {
                self.frame = Some(frame);
                return Ok(count);
            }
            self.rest = frame.into_inner();
        }
    }
}

fn read(mut decoder: impl Read, name: &str, most: usize) -> Result<Vec<u8>, Reject> {
    let mut out = Vec::new();
    loop {
        let before = out.len();
        // Twice what there is, up to a bound: by itself a vector would go on to
        // double, and hold three times the largest body for a moment.
        let step = before.clamp(STEP_BYTES.0, STEP_BYTES.1).min(most + 1 - before);
        out.reserve_exact(step);
        let mut some = decoder.by_ref().take(u64::try_from(step).unwrap_or(u64::MAX));
        some.read_to_end(&mut out).map_err(|e| {
            Reject::invalid("body", format!("expected {name} data as Content-Encoding says: {e}"))
        })?;
        if out.len() > most {
            return Err(too_large(most));
        }
        if out.len() < before + step {
            return Ok(out);
        }
    }
}

/// By how much what comes out grows: at least and at most.
const STEP_BYTES: (usize, usize) = (64 * 1024, 1024 * 1024);

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;
    use crate::limits::MAX_BODY_BYTES;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    fn zstd(data: &[u8]) -> Vec<u8> {
        compress_to_vec(data, CompressionLevel::Fastest)
    }

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut e = GzEncoder::new(Vec::new(), Compression::default());
        e.write_all(data).unwrap();
        e.finish().unwrap()
    }

    #[test]
    fn what_is_set_says_from_how_many_bytes_on_a_body_is_compressed() {
        for (set, bytes) in [
            (None, usize::MAX),
            (Some("64"), 64 * 1024),
            (Some(" 0 "), 0),
            (Some("-1"), usize::MAX),
            (Some("64 KB"), usize::MAX),
        ] {
            assert_eq!(compress_from(set), bytes, "{set:?}");
        }
    }

    #[test]
    fn takes_off_every_compression_it_knows() {
        let text = "{\"batch\":[]}".repeat(100).into_bytes();
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(&text).unwrap();
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::default());
        raw.write_all(&text).unwrap();
        let halves = [gzip(&text[..50]), gzip(&text[50..])].concat();
        for (name, encoding, body) in [
            ("identity", Encoding::Identity, text.clone()),
            ("gzip", Encoding::Gzip, gzip(&text)),
            ("two gzip members", Encoding::Gzip, halves),
            ("zlib", Encoding::Deflate, zlib.finish().unwrap()),
            ("bare deflate", Encoding::Deflate, raw.finish().unwrap()),
            ("zstd", Encoding::Zstd, zstd(&text)),
            ("two zstd frames", Encoding::Zstd, [zstd(&text[..50]), zstd(&text[50..])].concat()),
        ] {
            assert_eq!(decompress(encoding, &body, MAX_BODY_BYTES), Ok(text.clone()), "{name}");
        }
    }

    #[test]
    fn accepts_max_and_rejects_a_bomb() {
        let max = vec![b' '; MAX_BODY_BYTES];
        assert_eq!(
            decompress(Encoding::Gzip, &gzip(&max), MAX_BODY_BYTES).map(|b| b.len()),
            Ok(MAX_BODY_BYTES)
        );
        let bomb = gzip(&vec![b' '; MAX_BODY_BYTES + 1]);
        assert_eq!(
            decompress(Encoding::Gzip, &bomb, MAX_BODY_BYTES),
            Err(too_large(MAX_BODY_BYTES))
        );
        let decompress = |body: &[u8]| decompress(Encoding::Zstd, body, MAX_BODY_BYTES);
        assert_eq!(decompress(&zstd(&max)).map(|b| b.len()), Ok(MAX_BODY_BYTES));
        assert_eq!(
            decompress(&zstd(&vec![b' '; MAX_BODY_BYTES + 1])),
            Err(too_large(MAX_BODY_BYTES))
        );
        // A frame that refers to a gigabyte, as its header says, and says nothing.
        let wide = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 20 << 3, 0x01, 0x00, 0x00];
        assert!(matches!(decompress(&wide), Err(Reject::Validation { .. })));
        let usual = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 13 << 3, 0x01, 0x00, 0x00];
        assert_eq!(decompress(&usual), Ok(Vec::new()));
    }

    #[test]
    fn holds_little_more_than_what_comes_out() {
        for bytes in [0, 1, STEP_BYTES.0 - 1, STEP_BYTES.0, STEP_BYTES.1 * 3, MAX_BODY_BYTES] {
            let out =
                decompress(Encoding::Gzip, &gzip(&vec![b' '; bytes]), MAX_BODY_BYTES).unwrap();
            assert_eq!(out.len(), bytes);
            assert!(out.capacity() <= bytes + STEP_BYTES.0.max(bytes).min(STEP_BYTES.1), "{bytes}");
        }
    }

    #[test]
    fn rejects_what_is_cut_or_is_not_compressed() {
        let whole = gzip(b"{\"batch\":[]}");
        for body in [&whole[..whole.len() - 3], b"{\"batch\":[]}", b""] {
            assert!(matches!(
                decompress(Encoding::Gzip, body, MAX_BODY_BYTES),
                Err(Reject::Validation { .. })
            ));
        }
        let whole = zstd(b"{\"batch\":[]}");
        for body in [&whole[..whole.len() - 3], b"{\"batch\":[]}", &[&whole[..], b"x"].concat()] {
            let cut = decompress(Encoding::Zstd, body, MAX_BODY_BYTES);
            assert!(matches!(cut, Err(Reject::Validation { .. })), "{cut:?}");
        }
    }
}
