/** Which of the numbers 1, 2, 3, … have come: how many, how many are missing, how many came again. */
export class NumberLedger {
  /** The highest number that has come; 0 before the first. */
  last = 0;
  /** How many have come. */
  received = 0;
  /** How many were passed over. */
  lost = 0;
  /** How many came at or below one that was there before. */
  doubled = 0;

  take(number: number): void {
    this.received += 1;
    if (number <= this.last) {
      this.doubled += 1;
      return;
    }
    this.lost += number - this.last - 1;
    this.last = number;
  }
}
