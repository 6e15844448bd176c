/** Sessions picked on the sessions page to be compared, at most two: a third takes the first one's place. */
class ComparePick {
	picked = $state.raw<readonly { readonly id: string; readonly name: string }[]>([]);

	has(id: string): boolean {
		return this.picked.some((each) => each.id === id);
	}

	toggle(session: { readonly id: string; readonly name: string }): void {
		const others = this.picked.filter((each) => each.id !== session.id);
		const { id, name } = session;
		this.picked = this.has(id) ? others : [...others.slice(-1), { id, name }];
	}

	clear(): void {
		this.picked = [];
	}
}

export const comparePick = new ComparePick();
