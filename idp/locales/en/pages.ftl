# Every page
skip-to-main = Skip to the content
language-label = Language
help-label = Need help?
product-line = Musubi（結び） · one identity for your health
login-label = Login name
password-label = Password
wait-seconds = { $seconds ->
    [one] 1 second
   *[other] { $seconds } seconds
}
wait-minutes = { $minutes ->
    [one] 1 minute
   *[other] { $minutes } minutes
}
time-unknown = Date unknown
button-sign-in = Sign in
button-sign-out = Sign out

# Welcome
welcome-title = One identity that ties your health services together
welcome-what = { $realm } is where you sign in, with one login name, to hospitals, pharmacies, gyms and other health services.
welcome-signed-in = You are signed in as { $name }.
welcome-account = Open my account
welcome-points = What we promise
welcome-point-one = One login name for all
welcome-point-one-detail = No need to remember another name and password for each service.
welcome-point-consent = You decide who receives your information
welcome-point-consent-detail = Nobody receives it unless you allow it, and you can take that back at any time.
welcome-point-log = Every use is written down
welcome-point-log-detail = You can see for yourself who did what, and when.

# Sign-in
sign-in-title = Sign in
sign-in-for = Sign in to use { $client }.
sign-in-plain = Enter your login name and password.
sign-in-again = Please sign in once more, so that we know it is you.
sign-in-forgot = I have forgotten my password, or cannot sign in
sign-in-wrong-title = You are not signed in
sign-in-wrong-what = The login name or the password is not right. Check capital and small letters, then enter both again.
sign-in-missing-title = Something is missing
sign-in-login-missing = Enter your login name.
sign-in-password-missing = Enter your password.
sign-in-throttled-title = Please wait a moment
sign-in-throttled-what = There were several failed attempts in a row. To keep accounts safe, sign-in is paused. Try again in { $wait }.
sign-in-busy-title = We are busy right now
sign-in-busy-what = Sorry about that. Please try again in { $wait }.
sign-in-expired-title = This page was open for a long time, so we renewed it
sign-in-expired-what = Please enter your details again.

# The second step of a sign-in
second-factor-title = One more step
second-factor-lead = Your password is right. Now show that it is really you.
second-factor-more = You are signed in. What you want to do needs one more proof that it is you.
code-label = Code
code-hint-both = The six digits that your app shows, or one of your recovery codes. Each code works once.
code-hint-app = The six digits that your app shows. Each code works once.
code-hint-recovery = One of your recovery codes. Each code works once.
button-continue = Continue
second-factor-missing = Enter the code.
second-factor-wrong-title = The code was not taken
second-factor-wrong-what = It may be mistyped, too old, or used before. Wait until your app shows the next code and enter that one.
second-factor-throttled-what = There were several wrong codes in a row. To keep your account safe, codes are paused. Try again in { $wait }, or use a passkey if you have one.
second-factor-lost = If you have lost your phone or key, use a recovery code. If you have none left, ask the organisation that gave you your account.
second-factor-again = Begin the sign-in again

# Passkeys
sign-in-or-passkey = If you have set up a passkey, you need neither login name nor password.
button-passkey-sign-in = Sign in with a passkey
button-passkey-second = Use a passkey
passkey-stopped = It was stopped before it was finished. Please try again, or go on without a passkey.
passkey-wrong-title = The passkey was not taken
passkey-wrong-what = It is not registered here, or it took too long. Please try again, or go on without a passkey.
passkey-add-title = Passkey
passkey-add-hint = You confirm with your face, your finger or the code of your device. Nobody can guess or steal that from you by a false page.
passkey-name-hint = So that you know it again, for example “My phone”. You may leave it empty.
button-passkey-add = Add a passkey

# Setting up an app
enrol-totp-title = Set up an app for codes
enrol-totp-lead = From then on, after your password you enter six digits that only your phone shows.
enrol-totp-required = To keep your account safe, a second step is needed here. Please set it up now; it takes a few minutes.
enrol-totp-step-app = Open an authenticator app on your phone
enrol-totp-step-app-what = Any app for one-time codes will do. Many phones can do it without an app, in their password settings.
enrol-totp-step-scan = Let the app read the secret
enrol-totp-step-scan-what = Point the camera at this picture from within the app.
enrol-totp-picture = The secret as a QR code
enrol-totp-type = If you cannot use the camera, type this into the app:
enrol-totp-step-code = Enter the code that the app shows
enrol-totp-step-code-what = The app now shows six digits, which change every thirty seconds.
enrol-totp-wrong = These are not the digits that the app should show now. Check the clock of your phone, then enter the present code.
factor-name-label = Name
factor-name-hint = So that you know it again, for example “My phone”. You may leave it empty.
button-enrol-totp = Turn it on
button-back = Back

# Recovery codes
recovery-codes-title = Your recovery codes
recovery-codes-first = The second step is on.
recovery-codes-lead = If you lose your phone or key, one of these codes takes its place. Each works once. They are shown only now.
recovery-codes-care-title = Keep them safe
recovery-codes-care = Print this page or write the codes down, and keep them where you keep important papers. Do not keep them on the phone that they stand in for.
recovery-codes-done = I have kept them safe

# Factors
security-title = How you sign in
security-lead = With a second step, nobody gets in who only knows your password.
security-added = It was added.
security-removed = It was removed. On your other devices you have been signed out.
security-renamed = The name was changed.
security-last = This is your only way to sign in, so it was not removed. Add another one first.
security-required-title = A second step is needed
security-required = Please add a passkey or an app below. You will be asked for it at your next sign-in.
security-factors = Your second steps
security-factors-hint = If you do not know one of these, remove it and tell your help desk.
security-factors-empty = You sign in with your password only.
factor-passkey = Passkey
factor-totp = App for codes
factor-kind = Kind
factor-added = Added
factor-used = Last used
factor-never-used = Never
factor-rename = Change the name
button-rename = Change the name
button-remove = Remove
security-add = Add another
security-add-app = Set up an app for codes
security-codes = Recovery codes
security-codes-hint = They take the place of a lost phone or key.
security-codes-left = { $left ->
    [one] You have 1 code left.
   *[other] You have { $left } codes left.
}
security-codes-none = You have no recovery codes.
button-make-codes = Make new recovery codes
security-back = Back to my account

# Choosing a password
set-password-title = Choose a password
set-password-first = Choose the password of the first administrator. Then you can sign in with the login name below.
set-password-new = Choose the password that you will use from now on.
set-password-reset = Choose a new password. The old one will stop working.
set-password-login-hint = The password is for this login name. It cannot be changed here.
password-rules-title = Rules for the password
password-rule-min = At least { $length } characters.
password-rule-max = At most { $length } characters.
password-rule-guessable = Nothing that others could guess: common words, names, dates, rows of keys.
password-rule-breached = Not one that became known when another service was broken into.
password-rule-login = It must not contain your login name.
password-advice = A few words in a row make a long password that is easy to remember.
password-new-label = New password
password-again-label = New password, once more
password-problems-title = The password was not set
password-too-short = It is too short. Use at least { $length } characters.
password-too-long = It is too long. Use at most { $length } characters.
password-breached = This password became known when another service was broken into, so others try it. Choose another.
password-hint-common = Many people use this password, or one very like it, so others could guess it. Choose another.
password-hint-keyboard = Keys that lie side by side are easy to guess. Use a few words instead.
password-hint-repeated = The same characters again and again are easy to guess. Use a few different words instead.
password-hint-sequence = Sequences such as “abcd” or “6543” are easy to guess. Use a few words instead.
password-hint-date = Dates and years are easy to guess. Use a few words instead.
password-hint-name = Names, places and what others know about you are easy to guess. Use a few other words instead.
password-hint-words = Others could guess it. Add one or two more words that have nothing to do with each other.
password-contains-login = It contains your login name. Choose another.
password-mismatch = The two entries are not the same. Enter the same password twice.
button-set-password = Set this password

# Consent
consent-title = Give your information to { $client }?
consent-intro = This service asks to receive information about you.
consent-host-label = It will be sent to
consent-self-registered-title = Please take care
consent-self-registered = We have not checked this service’s registration. If you do not know it, choose “Deny”.
consent-receives = If you allow it, they will receive
consent-later = If you change your mind, you can take this back at any time in “My account”.
consent-policy = Privacy policy
consent-terms = Terms of use
consent-signed-in = You are signed in as { $name }.
consent-not-you = Not you?
button-allow = Allow
button-deny = Deny
scope-openid = A code that tells you apart from others
scope-openid-detail = It lets the service know you when you come back. It does not contain your name.
scope-profile = Your basic details
scope-profile-detail = Your name, your login name and your language, and if you gave them: your date of birth, gender, picture and web pages
scope-email = Your e-mail address
scope-email-detail = The address, and whether it has been confirmed
scope-phone = Your telephone number
scope-phone-detail = The number, and whether it has been confirmed
scope-address = Your postal address
scope-address-detail = Postcode and address
scope-offline = Access while you are away
scope-offline-detail = After you close the page, the service can go on receiving what you allowed, until you take it back.
scope-consents-read = Who sees your health records
scope-consents-read-detail = The service can read whom you allow to see your records, and what you forbid. It does not see the records by this.
scope-consents-write = Deciding who sees your health records
scope-consents-write-detail = The service can let others see your records in your name, and take it back. You get a message each time.
scope-other = Something else
scope-other-detail = The service named this itself. If you do not know what it means, ask the service before you allow it.
detail-health-record = From your health record: { $kinds }
detail-kind-separator = { ", " }
detail-sentence-separator = { " " }
detail-kind-vitals = body measurements such as weight, blood pressure and pulse
detail-kind-exercise = exercise and steps
detail-kind-daily-life = everyday life such as sleep
detail-kind-meals = meals
detail-kind-prescriptions = prescriptions and medicines
detail-kind-conditions = illnesses and conditions
detail-depth-aggregate = Only averages over longer times, no single values.
detail-depth-daily = A summary for each day.
detail-depth-values = Every single value.
detail-depth-everything = Every single value, with notes, pictures and places.
detail-purpose-care = It is used for treatment and care.
detail-purpose-wellness = It is used for advice on daily life.
detail-purpose-research = It is used for research.

# Device flow
device-title = Connect another device
device-intro = A television, a scale or another device shows you a code. Enter it here.
device-code-label = Code on the device
device-code-hint = Eight letters. It does not matter whether they are capital or small, or whether you type the hyphen.
device-sent-by-other = If somebody sent you a code by mail, by message or by telephone, do not enter it.
device-unknown-title = There is no such code
device-unknown-what = Compare it with the one on the device and enter it again. A code is good for a few minutes only; the device can show a new one.
device-throttled-what = There were several wrong codes in a row. To keep accounts safe, we pause. Try again in { $wait }.
button-next = Next
device-confirm-title = Connect { $client } with your account?
device-caution-title = Is the device in front of you?
device-caution = Go on only if you started this yourself, just now, on a device that you can see, and it shows the same code. If somebody asked you to do this, choose “Deny”: they could use your account.
device-confirm-code = Code
device-confirm-address = The device asked from
button-device-allow = It is my device: allow
device-allowed-title = Your device is connected
device-allowed-what = { $client } goes on by itself in a few seconds. You can close this page.
device-denied-title = Nothing was allowed
device-denied-what = { $client } receives nothing from you.

# Requests by the back channel
requests-title = Services that wait for your answer
requests-intro = A service asks you to confirm that it is you: at a counter, on the telephone, or on another device.
requests-caution-title = Did you start this yourself?
requests-caution = Allow it only if you are dealing with this service right now and it shows you the same words. If not, choose “Deny”.
requests-message = The service shows
requests-asked = Asked
requests-again = To allow this, please sign in once more, so that we know it is you. The service may ask for a passkey or a second step.
requests-empty = No service waits for your answer.
requests-look-again = Look again
requests-code-title = A code for requests
requests-code-what = With a code, only a service that you tell it to can ask you for an answer here. You say it at the counter, type it on their page, or keep it to yourself.
requests-code-there = You have set a code.
requests-code-none = You have set no code. Services that know your login name can ask you.
requests-code-label = New code
requests-code-hint = 6 to 32 letters and digits. Do not use your password.
requests-code-again = The same code once more
requests-code-set = The code is set.
requests-code-removed = The code is removed.
requests-code-shape = A code has 6 to 32 letters and digits.
requests-code-guessable = This code is the first that others would try. Please choose another.
requests-code-mismatch = The two entries are not the same.
button-set-code = Set the code
button-remove-code = Remove the code
requests-notice-allowed = You allowed it. The service goes on by itself.
requests-notice-denied = You denied it. The service receives nothing from you.
button-sign-in-again = Sign in once more

# Signing out
sign-out-title = Do you want to sign out?
sign-out-client = { $client } asked to sign you out.
sign-out-who = You are signed in as { $name }.
sign-out-effect = After signing out, you will have to sign in again the next time.
button-stay = Stay signed in
signed-out-title = You are signed out
signed-out-what = Thank you, and take care.
signed-out-elsewhere = The services that you used are being signed out too. This takes a few seconds.
signed-out-onward = After that, you go back to { $client }.
signed-out-frame = Sign-out of another service
signed-out-shared = If other people use this device too, please close the browser as well.
signed-out-back = Back to { $client }
signed-out-sign-in = Sign in again

# Account
account-title = My account
account-greeting = Hello, { $name }
account-details = Your details
account-name = Name
account-login = Login name
account-email = E-mail address
account-number = ID number
account-not-set = Not registered
account-notice-session = That device has been signed out.
account-notice-withdrawn = You took the permission back. The service will receive nothing new.
account-notice-password = Your password has been changed.
account-requests = A service waits for your answer: look at it now
account-security = How you sign in: passkeys, apps and recovery codes
account-sessions = Where you are signed in
account-sessions-hint = If you do not know one of these devices, choose “Sign this device out” and tell your help desk.
account-session-current = The device you are using now
account-session-other = Another device
account-session-started = Signed in
account-session-used = Last used
account-session-address = From
account-sessions-alone = You are not signed in anywhere else.
account-device-unknown = Unknown device
button-end-session = Sign this device out
account-applications = Services that receive your information
account-applications-empty = No service receives your information.
account-applications-hint = When you take a permission back, the service receives nothing new.
account-granted = Allowed on
account-granted-scopes = What they receive
button-withdraw = Take permission back
account-log = Recent activity
account-log-empty = Nothing has been recorded yet.
account-log-hint = When and how your information was used.
account-log-when = When
account-log-what = What
account-log-who = By whom
account-log-from = From
account-log-self = You
account-log-refused = Failed or refused
account-unknown = Not recorded
log-sign-in = Sign-in
log-first-step = Password entered, one more step needed
log-second-step = Second step of a sign-in
log-factor-added = A passkey or an app was added
log-factor-removed = A passkey or an app was removed
log-factor-renamed = A passkey or an app was renamed
log-recovery-codes = New recovery codes were made
log-factors-reset = All passkeys and apps were removed by an administrator
log-factors-read = Your ways to sign in were shown
log-single-sign-on = Sign-in at another service
log-sign-out = Sign-out
log-session-ended = A device was signed out
log-service-told = A service was told of a sign-out
log-answer-asked = A service asked for your answer
log-answer-refused = You refused what a service asked for
log-answer-told = A service was told of your answer
log-consent-given = Permission given
log-consent-withdrawn = Permission taken back
log-token-issued = A service received a key to your information
log-token-refreshed = A service renewed its key to your information
log-token-revoked = A key to your information was cancelled
log-token-checked = A service checked that a key to your information is still valid
log-profile-read = Your details were read
log-profile-changed = Your details were changed
log-password-set = Password set
log-account-created = Account created
log-log-read = The activity record was read
log-other = Something else ({ $name })

# Errors
error-not-found-title = Page not found
error-not-found-what = The page may have moved, or it is gone.
error-not-found-do = Check the address, or begin at the first page.
error-forbidden-title = You may not do this
error-forbidden-what = The person who is signed in does not have the permission.
error-forbidden-do = If you need it, please ask your administrator.
error-bad-request-title = We could not read that
error-bad-request-what = Something was missing from what was sent, or it was not in the right form.
error-bad-request-do = Go back to the page before and try again.
error-untrusted-title = We stopped here to keep you safe
error-untrusted-what = We could not confirm the service you came from. None of your information was sent.
error-untrusted-do = Close this page and tell the people who run the service.
error-expired-title = This page has expired
error-expired-what = It was open for too long, or it was used twice, so we cannot continue from here.
error-expired-do = Please go back to the service you wanted to use and begin again.
error-link-title = This link does not work any more
error-link-what = It has expired, or it was already used.
error-link-do = Please ask your administrator for a new one.
error-too-many-title = Please wait a moment
error-too-many-what = There were too many attempts in a short time. To keep accounts safe, we paused for a while.
error-busy-title = We are busy right now
error-busy-what = Sorry about that. We cannot take your request at the moment.
error-wait-do = Please try again in { $wait }.
error-internal-title = Sorry, something went wrong
error-internal-what = The fault is ours. Your request was not completed.
error-internal-do = Please try again in a little while. If it happens again, tell your help desk the numbers below.
error-what-to-do = What you can do
error-ids = For your help desk
error-id = Kind of problem
error-request-id = Request number
error-home = To the first page
error-back = Back to { $client }

## The page that carries an answer to a service

form-post-title = Taking you to the service
