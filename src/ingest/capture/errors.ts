/** A capture that cannot begin, or that broke off; the message says what to do about it. */
export class CaptureError extends Error {
	constructor(message: string) {
		super(message);
		this.name = 'CaptureError';
	}
}
