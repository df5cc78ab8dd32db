//! The words of a Lua text: names, strings and symbols with their lines. Comments go, numbers and keywords are symbols of no interest.

use thiserror::Error;

/// What kind of word it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A name or a keyword.
    Name,
    /// A string, with its escape sequences as they stand.
    String,
    /// Anything else.
    Symbol,
}

/// A word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: TokenKind,
    pub text: String,
    pub line: usize,
}

impl Token {
    /// Whether it is a string that means what stands there.
    pub fn is_plain_string(&self) -> bool {
        self.kind == TokenKind::String && !self.text.contains('\\')
    }

    /// Whether it is this symbol.
    pub fn is(&self, symbol: &str) -> bool {
        self.kind == TokenKind::Symbol && self.text == symbol
    }
}

/// A text that is no Lua.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{line}: unfinished {what}")]
pub struct LexError {
    /// Where it starts.
    pub line: usize,
    /// A string or a comment.
    pub what: &'static str,
}

/// The words of `text`.
pub(super) fn tokens(text: &[u8]) -> Result<Vec<Token>, LexError> {
    let mut lexer = Lexer { text, at: 0, line: 1 };
    if text.starts_with(b"#") {
        lexer.skip_line();
    }
    let mut tokens = vec![];
    while let Some(byte) = lexer.peek(0) {
        let (start, line) = (lexer.at, lexer.line);
        let kind = match byte {
            b'\n' => {
                lexer.line += 1;
                lexer.at += 1;
                continue;
            }
            b' ' | b'\t' | b'\r' | 0x0b | 0x0c => {
                lexer.at += 1;
                continue;
            }
            b'-' if lexer.peek(1) == Some(b'-') => {
                lexer.at += 2;
                match lexer.long_level() {
                    Some(level) => _ = lexer.long(level, "comment")?,
                    None => lexer.skip_line(),
                }
                continue;
            }
            b'"' | b'\'' => {
                let text = lexer.quoted(byte)?;
                tokens.push(Token { kind: TokenKind::String, text, line });
                continue;
            }
            b'[' => match lexer.long_level() {
                Some(level) => {
                    let text = lexer.long(level, "string")?;
                    tokens.push(Token { kind: TokenKind::String, text, line });
                    continue;
                }
                None => {
                    lexer.at += 1;
                    TokenKind::Symbol
                }
            },
            _ if byte == b'_' || byte.is_ascii_alphabetic() || byte >= 0x80 => {
                lexer.skip_while(|byte| byte == b'_' || byte.is_ascii_alphanumeric() || byte >= 0x80);
                TokenKind::Name
            }
            _ if byte.is_ascii_digit() => {
                // Numbers: what can't follow one ends it; `1..2` is no Lua.
                lexer.skip_while(|byte| byte == b'.' || byte.is_ascii_alphanumeric());
                TokenKind::Symbol
            }
            _ => {
                lexer.at += if text[start..].starts_with(b"...") {
                    3
                } else if [b"..".as_slice(), b"::"].iter().any(|two| text[start..].starts_with(two)) {
                    2
                } else {
                    1
                };
                TokenKind::Symbol
            }
        };
        tokens.push(Token { kind, text: String::from_utf8_lossy(&text[start..lexer.at]).into_owned(), line });
    }
    Ok(tokens)
}

struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    line: usize,
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).copied()
    }

    fn skip_while(&mut self, belongs: impl Fn(u8) -> bool) {
        while self.peek(0).is_some_and(&belongs) {
            self.at += 1;
        }
    }

    fn skip_line(&mut self) {
        self.skip_while(|byte| byte != b'\n');
    }

    /// How many `=` stand in the long bracket that opens here, if one does.
    fn long_level(&self) -> Option<usize> {
        let rest = self.text.get(self.at..)?.strip_prefix(b"[")?;
        let level = rest.iter().take_while(|byte| **byte == b'=').count();
        (rest.get(level) == Some(&b'[')).then_some(level)
    }

    fn long(&mut self, level: usize, what: &'static str) -> Result<String, LexError> {
        let line = self.line;
        let start = self.at + level + 2;
        let mut close = vec![b']'];
        close.extend(std::iter::repeat_n(b'=', level));
        close.push(b']');
        let body = &self.text[start..];
        let length = body.windows(close.len()).position(|window| window == close).ok_or(LexError { line, what })?;
        self.line += body[..length].iter().filter(|byte| **byte == b'\n').count();
        self.at = start + length + close.len();
        Ok(String::from_utf8_lossy(&body[..length]).into_owned())
    }

    fn quoted(&mut self, quote: u8) -> Result<String, LexError> {
        let unfinished = LexError { line: self.line, what: "string" };
        let start = self.at + 1;
        self.at = start;
        loop {
            match self.peek(0).ok_or(unfinished.clone())? {
                byte if byte == quote => break,
                b'\n' => return Err(unfinished),
                b'\\' => {
                    // A line's end may be escaped, and `\z` skips any number of them.
                    if self.peek(1) == Some(b'z') {
                        self.at += 2;
                        while self.peek(0).is_some_and(|byte| byte.is_ascii_whitespace()) {
                            self.line += usize::from(self.peek(0) == Some(b'\n'));
                            self.at += 1;
                        }
                        continue;
                    }
                    self.line += usize::from(self.peek(1) == Some(b'\n'));
                    self.at += 2;
                }
                _ => self.at += 1,
            }
        }
        let text = String::from_utf8_lossy(&self.text[start..self.at]).into_owned();
        self.at += 1;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_with_their_lines() {
        let text = b"#!lua\nlocal a = 'it\\'s' --[==[ io\n ]] ]==] .. [[\nx]] --io\nreturn a:b(0x1p4, ...)";
        let found: Vec<_> = tokens(text).unwrap().into_iter().map(|token| (token.text, token.line)).collect();
        let expected = [
            ("local", 2),
            ("a", 2),
            ("=", 2),
            ("it\\'s", 2),
            ("..", 3),
            ("\nx", 3),
            ("return", 5),
            ("a", 5),
            (":", 5),
            ("b", 5),
            ("(", 5),
            ("0x1p4", 5),
            (",", 5),
            ("...", 5),
            (")", 5),
        ];
        assert_eq!(found, expected.map(|(text, line)| (text.to_owned(), line)));
    }

    #[test]
    fn what_has_no_end_is_an_error_at_its_line() {
        for (text, line, what) in [("\n'a\n'", 2, "string"), ("--[[ a\n\n", 1, "comment"), ("x = [=[ ]]", 1, "string")]
        {
            assert_eq!(tokens(text.as_bytes()), Err(LexError { line, what }));
        }
    }
}
