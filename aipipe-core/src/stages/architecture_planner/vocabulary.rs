//! Words that the checks of criteria cover, as lists in text.

/// Of being refused.
pub(super) const REFUSED: &str = "
    rejected refused error invalid fails failed denied declined disallowed message validation shown returned see
    sees get gets an
";

/// Of a value that is not given.
pub(super) const MISSING: &str = "
    without missing empty blank omitted left out required mandatory must not cannot can't given entered provided
    needs
";

/// Of a value given twice.
pub(super) const AGAIN: &str = "
    already same duplicate twice second existing exists taken used another must unique two have use
";

/// Of limits; `#` stands for numbers.
pub(super) const LIMITS: &str = "
    # at most least between up more than longer shorter less greater fewer maximum minimum max min characters
    character long negative positive not no must below above exceed exceeds cannot can't limited has allowed may
    value length whole number
";

/// Of making a record.
pub(super) const ENTERING: &str = "
    create creates created creating add adds added adding submit submits submitted enter enters entered entering
    save saves saved saving record records recorded register registers registered book books booked make makes made
    place places placed new all required valid fields details data filled fill fills providing provides stored kept
    value values form post posts posted schedule schedules scheduled reserve reserves reserved
";

/// Of showing records.
pub(super) const LISTING: &str = "
    list lists listed listing show shows shown see sees seen view views viewed viewing appear appears displayed
    display found open opens opened overview all every visible browse browses read back exist exists returned
    contains available look
";

/// Of picking records out.
pub(super) const FILTERING: &str = "
    filter filters filtered filtering search searches searching searched only matching match matches selected
    selects select chosen choose chooses those given same two different several
";

/// Of removing a record.
pub(super) const DELETING: &str = "
    delete deletes deleted deleting remove removes removed removing gone no longer not cannot anymore any more
";

/// Of changing a record.
pub(super) const CHANGING: &str = "
    update updates updated updating edit edits edited editing change changes changed changing rename renames renamed
    reschedule reschedules rescheduled modify modifies modified new correct corrects corrected
";

/// Of setting a status.
pub(super) const TRANSITIONS: &str = "
    status state becomes changes set sets marked mark marks shown shows cancel cancels complete completes finish
    finishes approve approves reject rejects decline declines close closes reopen reopens archive archives publish
    publishes confirm confirms resolve resolves return returns change update updates into now
";

/// Of any sentence.
pub(super) const COMMON: &str = "
    given when and or of with that it is are was has have been there he she they them his her user users system in
    on as by for its who someone successfully app application do does if which at from after afterwards one am be
    page screen person to try tries tried trying
";
