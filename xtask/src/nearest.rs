//! Suggests names near to a misspelt one.

/// The least similarity (Jaro-Winkler, 0 to 1) at which a name is worth suggesting.
const NEAR: f64 = 0.8;

/// The names most similar to `name`, best first, at most `most` of them; ties are sorted by name.
pub fn names<'a>(name: &str, known: impl Iterator<Item = &'a str>, most: usize) -> Vec<&'a str> {
    let mut near: Vec<(f64, &str)> = known
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(similarity, _)| *similarity >= NEAR)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    near.dedup();
    near.into_iter().take(most).map(|(_, candidate)| candidate).collect()
}

/// The end of an error message about the unknown `name`: `; did you mean …?`, or the list of what is known.
pub fn hint<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    match names(name, known.clone(), 1).first() {
        Some(near) => format!("; did you mean `{near}`?"),
        None => {
            let all: Vec<String> = known.map(|candidate| format!("`{candidate}`")).collect();
            format!("; known are {}", all.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_comes_first() {
        let known = ["run_gc", "compute", "compile", "init"];
        assert_eq!(names("compue", known.into_iter(), 3), ["compute", "compile"]);
        assert!(names("zzz", known.into_iter(), 3).is_empty());
    }

    #[test]
    fn without_a_near_name_all_are_listed() {
        assert_eq!(hint("zzz", ["a", "b"].into_iter()), "; known are `a`, `b`");
    }
}
