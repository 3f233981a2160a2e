//! What a person sees of themselves: who they are, where they are signed in, who has what of theirs, and what was done
//! (requirements H4.3, S6.3 in their first part).

pub mod endpoints;

#[cfg(test)]
mod tests;
mod words;
